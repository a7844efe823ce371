/** Wires the command line with the daemon and the other plugins; the only place that knows all of them. */
import { runCli } from '../plugins/cli/main.ts'

/**
 * Runs a command line; resolves with the exit code when everything is written.
 *
 * @param importModule - Imports a module by its URL.
 */
export function main(
  args: readonly string[],
  importModule: (url: string) => Promise<object>,
): Promise<number> {
  return runCli(
    args,
    {
      runDaemon: async (rest) => (await import('../daemon/main.ts')).runDaemon(rest),
      inProcess: async () => (await import('../daemon/in-process.ts')).inProcess(),
    },
    {
      importModule,
      recordTypes: async () => (await import('../plugins/orion/record-types.ts')).orionRecordTypes,
      legacy: async () => (await import('../plugins/legacy/access.ts')).legacyAccess,
      serveMcp: async (options) => (await import('../plugins/mcp/serve.ts')).serveMcp(options),
      serveLsp: async (options) => (await import('../plugins/lsp/serve.ts')).serveLsp(options),
    },
  )
}
