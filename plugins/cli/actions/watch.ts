import type { Gap } from '../../../sdk/client/subscription-options.ts'
import type { Token } from '../../../sdk/model.ts'
import type { Action } from '../command.ts'
import type { WatchFlags } from '../flags.ts'
import { gapText } from '../gap-text.ts'
import { openEvents } from '../open-events.ts'
import { jsonLine, styleOf } from '../print.ts'
import { readObject } from '../read-argument.ts'
import { withClient } from '../store-client.ts'
import { parseTokenFlag } from '../token-flag.ts'
import { untilSignalled } from '../until-signalled.ts'

/** `orion watch`: one event a line, over restarts of the daemon, until a signal comes. */
export const watch: Action<WatchFlags, string[]> = async (cli, flags, ...patterns) => {
  const from = startOf(flags.from)
  const where = flags.where && { where: await readObject(cli, '--where', flags.where) }
  const { eventLine } = await import('../present/event-line.ts')
  const ending = untilSignalled(cli.out.gone)
  const { signal } = ending
  const { dim, yellow } = cli.err.colours
  try {
    await withClient(cli, flags, async (client) => {
      const onGap = (gap: Gap): Promise<void> =>
        cli.err.write(`${yellow('gap:')} ${gapText(gap)}\n`)
      const options = { from, ...where, signal, onGap }
      const stream = await openEvents(cli, client, { patterns, options })
      if (!flags.json) {
        await cli.err.write(
          dim(`Watching ${patterns.join(' ')} from ${stream.token ?? flags.from}. Ctrl-C ends.\n`),
        )
      }
      for await (const event of stream) {
        await cli.out.write(flags.json ? jsonLine(event) : eventLine(event, styleOf(cli)))
      }
      const error = await stream.closed
      if (error !== undefined && !signal.aborted) throw error
    })
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    ending.dispose()
  }
  return 0
}

function startOf(from: string | undefined): 'now' | 'snapshot' | Token {
  if (from === undefined || from === 'now') return 'now'
  return from === 'snapshot' ? from : parseTokenFlag('--from', from)
}
