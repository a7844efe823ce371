/** When the plugins of a test's daemon have done what they are to do. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseToken } from '../../sdk/model.ts'
import type { Plugin } from '../../sdk/plugin/define-plugin.ts'
import type { Daemon } from '../daemon.ts'

/**
 * Resolves when all plugins serve.
 *
 * @throws Error with the reason of one that does not.
 */
export async function pluginsRun(daemon: Daemon): Promise<void> {
  // It ends: who does not serve in time has failed.
  for (;;) {
    const { plugins = [] } = daemon.status()
    assertNoneFailed(daemon)
    if (plugins.every(({ state }) => state === 'running')) return
    await sleep(lookEveryMs)
  }
}

/**
 * Resolves when every handler has handled all that is committed, and all that was committed meanwhile.
 *
 * @throws Error that names the first that has not in time, or a plugin that does not run.
 */
export async function handlersSettled(
  daemon: Daemon,
  plugins: readonly Plugin[],
  timeoutMs: number,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs
  for (;;) {
    const behind = firstBehind(daemon, plugins)
    if (behind === undefined) return
    assertNoneFailed(daemon)
    if (performance.now() > untilMs) {
      throw new Error(`expected all handlers to be done within ${timeoutMs} ms, but ${behind}`)
    }
    await sleep(lookEveryMs)
  }
}

function firstBehind(daemon: Daemon, plugins: readonly Plugin[]): string | undefined {
  const { token, positions } = daemon.status()
  const now = seqOf(token)
  for (const { name, declaration } of plugins) {
    for (const reaction of declaration.on ?? []) {
      const position = positions.find((one) => one.name === `plugin:${name}/${reaction.name}`)
      if (position !== undefined && seqOf(position.token) >= now) continue
      const at =
        position === undefined ? 'nothing' : `events up to ${seqOf(position.token)} of ${now}`
      return `${reaction.name} of plugin ${name} has handled ${at}; what it failed with is on stderr`
    }
  }
  return undefined
}

function seqOf(token: string): number {
  return parseToken(token)?.seq ?? 0
}

function assertNoneFailed(daemon: Daemon): void {
  for (const { name, state, reason } of daemon.status().plugins ?? []) {
    if (state !== 'failed' && state !== 'disabled' && state !== 'waiting') continue
    throw new Error(`plugin ${name} does not run: ${reason ?? state}`)
  }
}

const lookEveryMs = 5
