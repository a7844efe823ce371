import type { DaemonStatusResult } from '../../../sdk/protocol/daemon.ts'
import type { TextStyle } from '../print.ts'
import { fieldLines } from './fields.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'
import { age, bytes, duration } from './time.ts'

/** How a daemon is: what it is, why it is alive, its store, and who is connected. */
export function statusText(status: DaemonStatusResult, style: TextStyle): string {
  const { store, engine, queue, lastBackup } = status
  const { bold, red, green } = style.colours
  const state = store.state === 'ready' ? green('ready') : red(store.state)
  const who = `process ${status.pid}, up ${duration(status.uptimeMs)}`
  const facts = fieldLines(
    {
      store: `${store.path} (${bytes(store.sizeBytes)})`,
      problem: store.problem,
      position: `${status.token} (floor ${status.floor})`,
      engine: `${engine.name}, SQLite ${engine.sqliteVersion}, ${engine.durability}`,
      queue: `${queue.waiting} of ${queue.limit} waiting; ${queue.writes} writes in ${queue.batches} transactions`,
      memory: bytes(status.memoryBytes),
      socket: status.socket,
      websocket: status.websocket,
      'alive because': status.aliveBecause.join('\n'),
      'last backup': lastBackup && `${lastBackup.path}, ${age(lastBackup.at, style.now)} ago`,
    },
    style,
  )
  return `${bold(`orion ${status.version}`)}  ${state}  ${who}\n${facts}${connectionTable(status, style)}`
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
        String(connection.inFlight),
        connection.subscriptions.map(subscriptionText).join('; '),
      ]),
      numbers: [4],
      flexible: [0, 2, 5],
    },
    style,
  )
  return `\n${text}`
}

function subscriptionText({
  patterns,
  behind,
}: DaemonStatusResult['connections'][number]['subscriptions'][number]): string {
  return safeText(`${patterns.join(' ')}${behind > 0 ? ` (${behind} behind)` : ''}`)
}
