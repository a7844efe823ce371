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
  } & {
    /** A field of a nested object, such as `source.kind`. */
    readonly [P in NestedPath<RecordData<T>>]?: NestedCondition<ValueAt<RecordData<T>, P>>
  }

/** The name of a field of the data. */
export type FieldName<T extends RecordType> = Extract<keyof RecordData<T>, string>

/** What a list can be ordered by, and a count grouped by: what has one value, also inside of an object. */
export type SortableName<T extends RecordType> =
  | SingleName<RecordData<T>>
  | keyof EnvelopeConditions
  | NestedPath<RecordData<T>>

type SingleName<Data> = {
  [N in keyof Data & string]: Exclude<Data[N], undefined> extends string | number | boolean
    ? N
    : never
}[keyof Data & string]

/** What a list is ordered by. */
export interface Order<T extends RecordType> {
  readonly field: SortableName<T>
  readonly direction?: 'asc' | 'desc'
}

/** The paths that lead into nested objects; into free JSON every path does, and so it is of a type that nobody knows. */
export type NestedPath<Data> = string extends keyof Data
  ? `${string}.${string}`
  : {
      [N in keyof Data & string]: Exclude<Data[N], undefined> extends infer V
        ? V extends readonly unknown[]
          ? never
          : V extends object
            ? string extends keyof V
              ? `${N}.${string}`
              : `${N}.${(keyof V & string) | NestedPath<V>}`
            : never
        : never
    }[keyof Data & string]

/** The value that a path leads to. */
type ValueAt<Data, Path extends string> = string extends keyof Data
  ? Json
  : Path extends keyof Data
    ? Exclude<Data[Path], undefined>
    : Path extends `${infer N}.${infer Rest}`
      ? N extends keyof Data
        ? ValueAt<Exclude<Data[N], undefined>, Rest>
        : never
      : never

/** Inside free JSON anything may be asked; the daemon knows which operators there are. */
type NestedCondition<V> = Json extends V ? Json : Condition<V>

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
