import { type SpawnSyncOptions, spawnSync } from 'node:child_process'

/**
 * Runs a command to its end; its output is shown only if it fails.
 *
 * @throws Error with the last of what it said.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: Pick<SpawnSyncOptions, 'cwd' | 'env'> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
  })
  if (status === 0) return stdout
  const said = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-40).join('\n')
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit ${status}`}\n${said}`)
}
