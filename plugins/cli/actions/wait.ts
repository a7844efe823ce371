import type { Client } from '../../../sdk/client/client.ts'
import { OrionError } from '../../../sdk/errors.ts'
import type { Predicate } from '../../../sdk/filter/evaluate.ts'
import type { JsonObject } from '../../../sdk/json.ts'
import type { Event } from '../../../sdk/model.ts'
import { GetType, recordTypeDefinition } from '../../../sdk/protocol/types.ts'
import type { Action } from '../command.ts'
import type { WaitFlags } from '../flags.ts'
import { openEvents } from '../open-events.ts'
import { jsonLine, styleOf } from '../print.ts'
import { readObject } from '../read-argument.ts'
import { withClient } from '../store-client.ts'
import { parseTokenFlag } from '../token-flag.ts'
import { untilSignalled } from '../until-signalled.ts'
import { UsageError } from '../usage-error.ts'

/** `orion wait`: the first event that fits, or exit code 7. */
export const wait: Action<WaitFlags, [string]> = async (cli, flags, pattern) => {
  const from = flags.after === undefined ? 'now' : parseTokenFlag('--after', flags.after)
  const where =
    flags.where === undefined ? undefined : await readObject(cli, '--where', flags.where)
  const ending = untilSignalled()
  // Held by a timer of our own: Node 20 may collect AbortSignal.timeout before its time, and never tell.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), flags.timeout)
  ending.signal.addEventListener('abort', () => late.abort(), { once: true })
  const { signal } = late
  try {
    const event = await withClient(cli, flags, async (client) => {
      const fits = where === undefined ? undefined : await predicateOf(client, pattern, where)
      const request = { patterns: [pattern], options: { from, signal } } as const
      const stream = await openEvents(cli, client, request)
      for await (const event of stream) if (fits === undefined || fits(event)) return event
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

/** Tells of an event whether the record it is about fits. */
async function predicateOf(client: Client, pattern: string, where: JsonObject) {
  const [, type] = /^([A-Z][A-Za-z0-9]*)\./.exec(pattern) ?? []
  if (type === undefined) {
    throw new UsageError('--where needs a pattern of one record type, such as JobResult.*')
  }
  const { filterPredicate } = await import('../../../sdk/filter/evaluate.ts')
  const { parseFilter } = await import('../../../sdk/filter/parse-filter.ts')
  const definition = recordTypeDefinition.parse(await client.request(GetType, { type }))
  const fits: Predicate = filterPredicate(parseFilter(definition, where))
  return (event: Event): boolean => event.record !== undefined && fits(event.record)
}
