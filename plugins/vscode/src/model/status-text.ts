/** What the status bar says. */
import { counted, shortTime } from './instants.ts'
import type { Problem } from './problem.ts'
import type { LinkState } from './store-link.ts'
import { plainLine } from './visible-text.ts'

/** What is known of one store. */
export interface StoreStatus {
  readonly name: string
  readonly directory: string
  readonly state: LinkState
  /** Names of the jobs that fail. */
  readonly failing: readonly string[]
  readonly running: number
  readonly waiting: number
}

/** The entry: its text with icons, the same in words, and the lines for who looks closer. */
export interface StatusText {
  readonly text: string
  readonly spoken: string
  readonly lines: readonly string[]
  readonly level: 'plain' | 'warning'
}

/** What to say of the stores of a window. */
export function statusText(
  face: string,
  stores: readonly StoreStatus[],
  problem: Problem | undefined,
): StatusText {
  const resting = restingText(face)
  if (resting !== undefined) return resting
  const lines = stores.flatMap(storeLines)
  const failed = stores.filter(({ state }) => state.kind === 'failed')
  if (failed.length > 0 && failed.length === stores.length) {
    const said = failed.length === 1 && problem !== undefined ? problem.message : 'not connected'
    return {
      text: '$(debug-disconnect) Orion',
      spoken: `Orion: ${said}`,
      lines: problem === undefined ? lines : [...lines, problem.message, problem.remedy],
      level: 'warning',
    }
  }
  const failing = sum(stores, ({ failing: jobs }) => jobs.length)
  const waiting = sum(stores, (store) => store.waiting)
  const isLost = stores.some(({ state }) => state.kind === 'lost')
  const isConnecting = stores.some(({ state }) => state.kind === 'connecting')
  const icon = isLost ? '$(debug-disconnect)' : isConnecting ? '$(loading~spin)' : '$(pulse)'
  const parts = [
    ...(failing > 0 ? [`$(error) ${failing}`] : []),
    ...(waiting > 0 ? [`$(git-pull-request) ${waiting}`] : []),
  ]
  const state = isLost ? 'reconnecting' : isConnecting ? 'connecting' : 'connected'
  return {
    text: parts.length === 0 ? `${icon} Orion` : `${icon} ${parts.join(' ')}`,
    spoken: [
      `Orion: ${state}`,
      failing === 0
        ? 'no job fails'
        : `${counted(failing, 'job')} ${failing === 1 ? 'fails' : 'fail'}`,
      waiting === 0 ? 'nothing waits for you' : `${counted(waiting, 'proposal')} to review`,
    ].join(', '),
    lines,
    level: isLost ? 'warning' : 'plain',
  }
}

function restingText(face: string): StatusText | undefined {
  const rest: { readonly [face: string]: string } = {
    untrusted: 'Nothing is read or started until you trust this workspace.',
    noStore: 'There is no store here yet. `orion run` makes one, or the view of Orion.',
    off: 'Not connected: orion.connectOnOpen is off.',
    noFolder: 'No folder is open.',
  }
  const line = rest[face]
  if (line === undefined) return undefined
  const icon = face === 'untrusted' ? '$(shield)' : '$(circle-outline)'
  return { text: `${icon} Orion`, spoken: `Orion: ${line}`, lines: [line], level: 'plain' }
}

function storeLines(store: StoreStatus): string[] {
  const { name, directory, state, failing, running, waiting } = store
  const title = `${plainLine(name, 60)}: ${connectionText(state)}`
  if (state.kind === 'failed' || state.kind === 'connecting') return [title]
  const jobs = failing.slice(0, 5).map((job) => plainLine(job, 60))
  const others = failing.length > 5 ? ` and ${failing.length - 5} more` : ''
  return [
    title,
    failing.length === 0 ? 'No job fails.' : `Failing: ${jobs.join(', ')}${others}.`,
    `${counted(running, 'job')} running, ${counted(waiting, 'proposal')} to review.`,
    directory,
  ]
}

function connectionText(state: LinkState): string {
  switch (state.kind) {
    case 'ready':
      return 'connected'
    case 'connecting':
      return 'connecting…'
    case 'lost':
      return `connection lost at ${shortTime(state.since.toISOString(), new Date())}, reconnecting`
    case 'failed':
      return `not connected. ${state.problem.message}`
    case 'closed':
      return 'closed'
    default:
      return state satisfies never
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
