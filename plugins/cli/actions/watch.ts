import type { Gap } from '../../../sdk/client/subscription-options.ts'
import type { Action } from '../command.ts'
import type { WatchFlags } from '../flags.ts'
import { openEvents } from '../open-events.ts'
import { jsonLine, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'
import { parseTokenFlag } from '../token-flag.ts'
import { untilSignalled } from '../until-signalled.ts'
import { UsageError } from '../usage-error.ts'

/** `orion watch`: one event a line, over restarts of the daemon, until a signal comes. */
export const watch: Action<WatchFlags, string[]> = async (cli, flags, ...patterns) => {
  const from = startOf(flags.from)
  const { eventLine } = await import('../present/event-line.ts')
  const ending = untilSignalled(cli.out.gone)
  const { signal } = ending
  const { dim, yellow } = cli.err.colours
  try {
    await withClient(cli, flags, async (client) => {
      const onGap = ({ reason, floor }: Gap): Promise<void> => {
        const why = reason === 'epoch' ? 'the store was put back' : 'they are compacted away'
        return cli.err.write(`${yellow('gap:')} events before ${floor} can't be shown: ${why}\n`)
      }
      const stream = await openEvents(cli, client, { patterns, options: { from, signal, onGap } })
      if (!flags.json) {
        await cli.err.write(
          dim(`Watching ${patterns.join(' ')} from ${stream.token}. Ctrl-C ends.\n`),
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

function startOf(from: string | undefined) {
  if (from === undefined || from === 'now') return 'now'
  if (from !== 'snapshot') return parseTokenFlag('--from', from)
  throw new UsageError('--from snapshot is not known yet', {
    remedy: '`orion list` shows what is there; its `token` with --json is where to watch from',
  })
}
