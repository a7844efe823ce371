/** What the events part of the daemon needs of a store. */
import type { Token } from '../../sdk/model.ts'
import type { StoreLog } from '../store/store-api.ts'

/** The log, and what gives its positions and topics their names. */
export interface EventSource {
  readonly log: StoreLog
  tokenAt(seq: number): Token
  typeNames(): readonly string[]
}
