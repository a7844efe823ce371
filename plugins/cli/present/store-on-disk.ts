import type { LastOwner, StoreOnDisk } from '../../../sdk/launch/store-on-disk.ts'
import type { TextStyle } from '../print.ts'
import { fieldLines } from './fields.ts'
import { safeText } from './safe-text.ts'
import { age, bytes } from './time.ts'

/** What lies on disk of a store that nobody serves. */
export function storeOnDiskText(store: StoreOnDisk, style: TextStyle): string {
  const facts = fieldLines(
    {
      store: storeText(store, style),
      log: store.wal && `${bytes(store.wal.sizeBytes)} that the next daemon takes in`,
      restore: store.restoreDecided && 'decided; the next daemon finishes it',
      backup: backupText(store, style),
      'last owner': store.lastOwner && ownerText(store.lastOwner, style),
    },
    style,
  )
  return `${style.colours.bold('no daemon')}  ${safeText(store.directory)}\n${facts}`
}

function storeText(
  { path, state, sizeBytes, changedAt, problem }: StoreOnDisk,
  style: TextStyle,
): string {
  const size = sizeBytes === undefined ? '' : ` (${bytes(sizeBytes)})`
  const changed = changedAt === undefined ? '' : `, changed ${ago(changedAt, style)}`
  switch (state) {
    case 'absent':
      return `${path} is not there: the next daemon begins an empty store`
    case 'empty':
      return `${path} is empty: the next daemon begins an empty store${changed}`
    case 'sqlite':
      return `${path}${size}${changed}`
    case 'not-sqlite':
      return `${path}${size} is no SQLite file${changed}: run \`orion doctor\``
    case 'not-a-file':
      return `${path} is no file`
    case 'unreadable':
      return `${path}${size} can't be read: ${problem}`
    default:
      return state satisfies never
  }
}

function backupText({ lastBackup, backups }: StoreOnDisk, style: TextStyle): string {
  if (lastBackup === undefined) return 'none beside the store'
  const { path, at, reason } = lastBackup
  return `${path}, ${ago(at, style)} (${reason}); ${backups} in all`
}

/** How it ended, if it could say so. */
function ownerText({ pid, alive, since, ended, logPath }: LastOwner, style: TextStyle): string {
  const log = logPath === undefined ? '' : `\nits log: ${logPath}`
  if (ended !== undefined) {
    return `process ${pid}, ended ${ago(ended.at, style)}: ${ended.because}${log}`
  }
  const from = since === undefined ? '' : `, since ${ago(since, style)}`
  const what = alive
    ? 'a process with this id is there: it may be starting, ending, stopped, or another one'
    : 'it was killed, or the machine went down: it said nothing of an end'
  return `process ${pid}${from}\n${what}${log}`
}

function ago(at: string, { now }: TextStyle): string {
  const text = age(at, now)
  return text === 'now' ? 'just now' : `${text} ago`
}
