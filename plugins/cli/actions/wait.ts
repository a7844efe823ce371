import { OrionError } from '../../../sdk/errors.ts'
import type { Action } from '../command.ts'
import type { WaitFlags } from '../flags.ts'
import { openEvents } from '../open-events.ts'
import { jsonLine, styleOf } from '../print.ts'
import { readObject } from '../read-argument.ts'
import { withClient } from '../store-client.ts'
import { parseTokenFlag } from '../token-flag.ts'
import { untilSignalled } from '../until-signalled.ts'

/** `orion wait`: the first event that fits, or exit code 7. */
export const wait: Action<WaitFlags, [string]> = async (cli, flags, pattern) => {
  const from = flags.after === undefined ? 'now' : parseTokenFlag('--after', flags.after)
  const where = flags.where && { where: await readObject(cli, '--where', flags.where) }
  const ending = untilSignalled()
  // Held by a timer of our own: Node 20 may collect AbortSignal.timeout before its time, and never tell.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), flags.timeout)
  ending.signal.addEventListener('abort', () => late.abort(), { once: true })
  const { signal } = late
  try {
    const event = await withClient(cli, flags, async (client) => {
      const options = { from, ...where, signal } as const
      const stream = await openEvents(cli, client, { patterns: [pattern], options })
      // A record that has just left the filter does not fit.
      for await (const event of stream) if (event.match !== 'left') return event
      throw (await stream.closed) ?? new Error('the subscription ended')
    })
    const { eventLine } = await import('../present/event-line.ts')
    await cli.out.write(flags.json ? jsonLine(event) : eventLine(event, styleOf(cli)))
    return 0
  } catch (error) {
    if (ending.signal.aborted) return interrupted
    if (!signal.aborted) throw error
    const message = `no event of ${pattern} that fits came within ${flags.timeout} ms`
    throw new OrionError('timeout', message, { timeoutMs: flags.timeout })
  } finally {
    clearTimeout(timer)
    ending.dispose()
  }
}

/** As a shell tells of Ctrl-C. */
const interrupted = 130
