/** Changes of records with the static types of a record type. They exist for the compiler only. */
import type { OptionalNames } from '../field.ts'
import type { RecordChanges, RecordData, RecordType } from '../record-type.ts'

/** What an update changes. Managed fields can't be named. */
export interface Changes<T extends RecordType> {
  readonly set?: RecordChanges<T>
  /** Optional fields that the record shall have no more. */
  readonly unset?: readonly OptionalNames<T['fields']>[]
  /** Operators apply to the value that is current when the write happens. */
  readonly apply?: readonly Operator<T>[]
}

/** What a write is based on: the version that was read, or nothing, with `force`. */
export type BasedOn =
  | { readonly expectedVersion: number; readonly force?: never }
  | { readonly expectedVersion?: never; readonly force: true }

/** An update: changes with what they are based on. Operators alone need no version. */
export type Update<T extends RecordType> =
  | (Changes<T> & BasedOn)
  | {
      readonly apply: readonly Operator<T>[]
      readonly set?: never
      readonly unset?: never
      readonly expectedVersion?: never
      readonly force?: never
    }

/** One operator on one field: numbers are incremented, lists get or lose an item. */
export type Operator<T extends RecordType> = {
  readonly [N in keyof RecordChanges<T>]-?: OperatorOn<
    Extract<N, string>,
    N extends keyof RecordData<T> ? Exclude<RecordData<T>[N], undefined> : never
  >
}[keyof RecordChanges<T>]

type OperatorOn<N extends string, V> = [V] extends [number]
  ? { readonly field: N; readonly op: 'increment'; readonly value: number }
  : [V] extends [readonly (infer Item)[]]
    ? { readonly field: N; readonly op: 'append' | 'addToSet' | 'remove'; readonly value: Item }
    : never
