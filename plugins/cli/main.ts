import { VERSION } from '../../sdk/version.ts'
import { arrangeArguments } from './arrange-arguments.ts'
import type { Cli, DaemonAccess, PluginAccess } from './context.ts'
import { textOutput } from './text-output.ts'

/**
 * Runs the command line with the arguments after the program's name.
 *
 * @param daemon - The daemon this program was built with; it is loaded only by the commands that need it.
 * @param plugins - The other plugins that it was built with.
 * @returns The exit code; everything is written by then.
 */
export async function runCli(
  args: readonly string[],
  daemon: DaemonAccess,
  plugins: PluginAccess,
): Promise<number> {
  const arranged = arrangeArguments(args)
  // The daemon starts without the command line, unless that has something to say.
  if (arranged[0] === 'serve' && arranged.slice(1).every((arg) => !ours.test(arg))) {
    return await daemon.runDaemon(arranged.slice(1))
  }
  const { env } = process
  const cli: Cli = {
    env,
    cwd: process.cwd(),
    version: VERSION,
    out: textOutput(1, env),
    err: textOutput(2, env),
    get stdin() {
      return process.stdin
    },
    daemon,
    plugins,
  }
  if (args[0] === '__complete') {
    await (await import('./completion/complete.ts')).answerShell(cli, args.slice(1))
    return 0
  }
  const { runCommandLine } = await import('./application.ts')
  return await runCommandLine(cli, arranged)
}

const ours = /^(?:-h|-H|--help|--help-all|--helpAll|--json|--token(?:=.*)?)$/
