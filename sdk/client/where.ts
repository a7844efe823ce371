/** Filters and orders with the static types of a record type. They exist for the compiler only. */
import type { Instant } from '../instant.ts'
import type { Json } from '../json.ts'
import type { RecordData, RecordType } from '../record-type.ts'

/** A filter over the records of a type: members are joined by "and". */
export type Where<T extends RecordType> = FieldConditions<RecordData<T>> &
  EnvelopeConditions & {
    readonly and?: readonly Where<T>[]
    readonly or?: readonly Where<T>[]
    readonly not?: Where<T>
    /** A field of a nested object, such as `source.kind`. */
    readonly [path: `${string}.${string}`]: Json
  }

/** The name of a field of the data. */
export type FieldName<T extends RecordType> = Extract<keyof RecordData<T>, string>

/** What a list can be ordered by. */
export interface Order<T extends RecordType> {
  readonly field: FieldName<T> | keyof EnvelopeConditions | `${string}.${string}`
  readonly direction?: 'asc' | 'desc'
}

/** What may be asked of one value: to equal this one (null: to be missing), or to fit all of these operators. */
export type Condition<V> = [V] extends [readonly (infer Item)[]]
  ? ListOperators<Item>
  : [V] extends [boolean]
    ? V | null | EqualityOperators<V>
    : [V] extends [string]
      ? V | null | TextOperators<V>
      : [V] extends [number]
        ? V | null | RangeOperators<V>
        : PresenceOperators

/** Whether there is a value. */
export interface PresenceOperators {
  readonly isNull?: boolean
}

/** Equality; null stands for a missing value. */
export interface EqualityOperators<V> extends PresenceOperators {
  readonly eq?: V | null
  readonly ne?: V | null
  readonly in?: readonly (V | null)[]
  readonly notIn?: readonly (V | null)[]
}

/** Order; `between` includes both ends. */
export interface RangeOperators<V> extends EqualityOperators<V> {
  readonly gt?: V
  readonly gte?: V
  readonly lt?: V
  readonly lte?: V
  readonly between?: readonly [V, V]
}

/** Text, in code-point order; `contains` looks for a plain substring. */
export interface TextOperators<V> extends RangeOperators<V> {
  readonly contains?: string
  readonly startsWith?: string
  readonly endsWith?: string
}

/** Lists; `contains` looks for one item. */
export interface ListOperators<Item> extends PresenceOperators {
  readonly contains?: Item
}

type FieldConditions<Data> = {
  readonly [N in keyof Data]?: Condition<Exclude<Data[N], undefined>>
}

/** Conditions on what the store itself keeps of a record. */
export interface EnvelopeConditions {
  readonly id?: Condition<string>
  readonly version?: Condition<number>
  readonly createdAt?: Condition<Instant>
  readonly createdBy?: Condition<string>
  readonly updatedAt?: Condition<Instant>
  readonly updatedBy?: Condition<string>
}
