import { counted } from '../../../sdk/counted.ts'
import { instantMicros } from '../../../sdk/instant.ts'
import type { DaemonStatusResult } from '../../../sdk/protocol/daemon.ts'
import type { TextStyle } from '../print.ts'
import { fieldLines } from './fields.ts'
import { pluginTable } from './plugins.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'
import { age, bytes, duration } from './time.ts'

/** How a daemon is: what it is, why it is alive, its store, and who is connected. */
export function statusText(status: DaemonStatusResult, style: TextStyle): string {
  const { store, engine, queue, log } = status
  const { bold, red, green } = style.colours
  const state = store.state === 'ready' ? green('ready') : red(store.state)
  const who = `process ${status.pid}, up ${duration(status.uptimeMs)}`
  const facts = fieldLines(
    {
      store: `${store.path} (${bytes(store.sizeBytes)})`,
      problem: store.problem,
      'what to do': store.remedy,
      log: logText(log),
      position: status.token,
      backup: backupText(status, style),
      queue: `${queue.waiting} of ${queue.limit} waiting; ${counted(queue.writes, 'write')} in ${counted(queue.batches, 'transaction')}`,
      memory: bytes(status.memoryBytes),
      engine: `${engine.name}, SQLite ${engine.sqliteVersion}`,
      socket: status.socket,
      'alive because': status.aliveBecause.join('\n'),
    },
    style,
  )
  const warnings = status.warnings.map(
    ({ message, remedy }) => `\n${red('warning')}: ${safeText(message)}\n  ${safeText(remedy)}\n`,
  )
  const head = `${bold(`orion ${status.version}`)}  ${state}  ${who}`
  return `${head}\n${facts}${warnings.join('')}${pluginsText(status, style)}${connectionTable(status, style)}`
}

/** How many events there are, and how many of the oldest are gone. */
function logText({ events, seq, floorSeq }: DaemonStatusResult['log']): string {
  const gone = floorSeq === 0 ? '' : `; those up to ${floorSeq} are compacted`
  return `${counted(events, 'event')}, the newest is ${seq}${gone}`
}

/** The newest backup, and when the next one is due or why none is. */
function backupText(
  { lastBackup, backups }: DaemonStatusResult,
  { now }: Pick<TextStyle, 'now'>,
): string {
  const last =
    lastBackup === undefined
      ? 'none yet'
      : `${lastBackup.path}, ${age(lastBackup.at, now)} ago (${lastBackup.reason})`
  const { at, because } = backups.next
  const leftMs = at === undefined ? 0 : instantMicros(at) / 1000 - now
  const next = at === undefined ? because : leftMs < 1000 ? 'now' : `in ${duration(leftMs)}`
  return `${last}\nnext: ${backups.running ? 'under way' : next}`
}

function pluginsText({ plugins = [] }: DaemonStatusResult, style: TextStyle): string {
  return plugins.length === 0 ? '' : `\n${pluginTable(plugins, style)}`
}

function connectionTable({ connections }: DaemonStatusResult, style: TextStyle): string {
  if (connections.length === 0) return ''
  const { text } = drawTable(
    {
      head: ['client', 'kind', 'principal', 'connected', 'in flight', 'subscriptions'],
      rows: connections.map((connection) => [
        safeText(connection.client),
        safeText(connection.kind),
        safeText(connection.principal),
        age(connection.connectedAt, style.now),
        requestsText(connection),
        connection.subscriptions.map(subscriptionText).join('; '),
      ]),
      flexible: [0, 2, 4, 5],
    },
    style,
  )
  return `\n${text}`
}

/** What is under way, how often, and for how long at most. */
function requestsText({ requests, inFlight }: DaemonStatusResult['connections'][number]): string {
  const byMethod = new Map<string, { count: number; forMs: number }>()
  for (const { method, forMs } of requests) {
    const { count = 0, forMs: longest = 0 } = byMethod.get(method) ?? {}
    byMethod.set(method, { count: count + 1, forMs: Math.max(longest, forMs) })
  }
  const texts = [...byMethod].map(
    ([method, { count, forMs }]) =>
      `${count > 1 ? `${count} ` : ''}${method} ${duration(forMs, { whole: forMs >= 1000 })}`,
  )
  const more = inFlight - requests.length
  return safeText([...texts, ...(more > 0 ? [`${more} more`] : [])].join(', '))
}

function subscriptionText({
  patterns,
  behind,
}: DaemonStatusResult['connections'][number]['subscriptions'][number]): string {
  return safeText(`${patterns.join(' ')}${behind > 0 ? ` (${behind} behind)` : ''}`)
}
