/** What the commands about events do, but for those that wait. */
import { ListEvents, PublishEvent } from '../../../sdk/protocol/events.ts'
import type { Action } from '../command.ts'
import { defined, unlessEmpty } from '../defined.ts'
import type { EventsFlags, PublishFlags } from '../flags.ts'
import { jsonLine, printResult, styleOf } from '../print.ts'
import { readValue } from '../read-argument.ts'
import { withClient } from '../store-client.ts'
import { parseTokenFlag } from '../token-flag.ts'

/** `orion events` */
export const listEvents: Action<EventsFlags, string[]> = async (cli, flags, ...patterns) => {
  const after = parseTokenFlag('--after', flags.after)
  const { limit, wait: waitMs } = flags
  const query = defined({ patterns: unlessEmpty(patterns), after, limit, waitMs })
  const { events, token, gap } = await withClient(cli, flags, (client) =>
    client.request(ListEvents, query, { timeoutMs: 30_000 + (waitMs ?? 0) }),
  )
  if (gap !== undefined && !flags.json) {
    const reason = gap.reason === 'epoch' ? 'the store was put back' : 'they are compacted away'
    await cli.err.write(`Events before ${gap.floor} can't be shown: ${reason}.\n`)
  }
  if (flags.json) {
    for (const event of events) await cli.out.write(jsonLine(event))
    return 0
  }
  const { eventLine } = await import('../present/event-line.ts')
  for (const event of events) await cli.out.write(eventLine(event, styleOf(cli)))
  const more = limit !== undefined && events.length >= limit
  const next = `orion events --after ${events.at(-1)?.token ?? token}`
  if (events.length === 0) await cli.err.write(`No events. Later: ${next}\n`)
  else if (more) await cli.err.write(`More: ${next}\n`)
  return 0
}

/** `orion publish` */
export const publish: Action<PublishFlags, [string]> = async (cli, flags, topic) => {
  const payload =
    flags.payload === undefined ? undefined : await readValue(cli, '--payload', flags.payload)
  const { reason, idempotencyKey } = flags
  const value = await withClient(cli, flags, (client) =>
    client.request(PublishEvent, { topic, ...defined({ payload, reason, idempotencyKey }) }),
  )
  const { green } = cli.out.colours
  await printResult(cli, flags, {
    value,
    people: () => `${green('published')} ${topic} (seq ${value.seq}, ${value.token})\n`,
  })
  return 0
}
