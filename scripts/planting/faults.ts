/** Faults that a run must notice: each breaks one promise of the daemon, and only now and then. */
import type { SourcePatch } from './source-patch.ts'

/** What can be planted, and what it takes. */
export const faults = {
  /** Writers are told before their transaction is on disk; it comes there a second later. */
  'answer-before-sync': [
    {
      file: 'daemon/store/write-queue.ts',
      find: 'await this.#sync(group)',
      replace: 'setTimeout(() => void this.#connection.sync().catch(() => {}), 1_000)',
    },
  ],
  /** The log has every event, and subscribers are not told of each 97th. */
  'dropped-event': [
    {
      file: 'daemon/events/connection-pump.ts',
      find: 'turns.collect(fanOut.deliveries(events),',
      replace: 'turns.collect(fanOut.deliveries(events.filter(({ seq }) => seq % 97 !== 0)),',
    },
  ],
  /** A change keeps the version that the record had, so that two changes have one version. */
  'version-reused': [
    {
      file: 'daemon/store/record-writer.ts',
      find: 'version: (record.version + 1) as Version,',
      replace: 'version: (record.version + (seq % 53 === 0 ? 0 : 1)) as Version,',
    },
  ],
} satisfies { readonly [name: string]: readonly SourcePatch[] }

/** The name of a fault. */
export type FaultName = keyof typeof faults

/** All of them, for messages and for runs that try each. */
export const faultNames = Object.keys(faults).filter(isFault)

/** The fault with this name. @throws when there is none. */
export function parseFault(name: string): FaultName {
  if (isFault(name)) return name
  throw new Error(`expected one of the faults ${faultNames.join(', ')}, got ${name}`)
}

function isFault(name: string): name is FaultName {
  return Object.hasOwn(faults, name)
}
