/** Who names a record: what is asked, and what is answered. */
import type { Lifecycle, Referrer, Token } from '../model.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { ReferenceName } from './expansion.ts'
import type { PageOptions } from './queries.ts'

/** Options of a question who names a record. */
export interface ReferrerOptions<From extends RecordType = RecordType> extends PageOptions {
  /** Only records of this type. */
  readonly from?: From
  /** Only those that name it by this field; inside of nested objects by its path, `a.b`. */
  readonly field?: ReferenceName<From>
  /** Active records alone unless said otherwise. */
  readonly lifecycle?: readonly Lifecycle[]
  /** Waits until the store has this position. */
  readonly atLeast?: Token
}

/** One page of the records that name another one. */
export interface ReferrerPage<From extends RecordType = RecordType> {
  /** In the order of type, field and id; a page may hold fewer than were asked for. */
  readonly referrers: readonly Referrer<RecordData<From>>[]
  /** Where the next page begins; absent at the end. */
  readonly next?: string | undefined
  /** The position the page was read at. */
  readonly token: Token
}
