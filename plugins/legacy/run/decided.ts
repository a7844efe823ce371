import type { Conclusion, QuarantineReason } from '../convert/convert-row.ts'
import type { KeyedRow } from './ledger.ts'

/** A row and what it becomes. */
export interface Decided extends KeyedRow {
  readonly conclusion: Conclusion
}

/** The same row, kept aside. */
export function quarantinedAs(one: Decided, reason: QuarantineReason, detail: string): Decided {
  return { ...one, conclusion: { pile: 'quarantined', reason, detail } }
}
