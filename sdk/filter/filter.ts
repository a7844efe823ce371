/**
 * A checked filter: every name is known, every value has the kind of what it is compared with. The evaluator
 * and the SQL are both made from it, so what a filter means is decided here and nowhere else.
 *
 * A filter is true or false of a record, never unknown. What is missing counts as null, and a comparison with
 * null is false; so `not` is the plain opposite, and `ne: 'x'` holds where the field is missing.
 */
import type { Target } from './target.ts'

/** A value that can be compared. */
export type Scalar = string | number | boolean

/** How two values are put in order. */
export type Comparison = 'gt' | 'gte' | 'lt' | 'lte'

/** A checked filter. `ne`, `notIn` and `between` of the wire are spelled out with the forms below. */
export type Filter =
  /** Every one of these holds; true of all records when there are none. */
  | { readonly op: 'all'; readonly filters: readonly Filter[] }
  /** At least one of these holds; true of no record when there are none. */
  | { readonly op: 'any'; readonly filters: readonly Filter[] }
  | { readonly op: 'not'; readonly filter: Filter }
  | { readonly op: 'isNull'; readonly target: Target }
  /** Equals one of these, which is also how a single value is compared. */
  | { readonly op: 'in'; readonly target: Target; readonly values: readonly Scalar[] }
  | {
      readonly op: 'compare'
      readonly target: Target
      readonly comparison: Comparison
      readonly value: string | number
    }
  /** A text holds another, or a list holds a value. */
  | { readonly op: 'contains'; readonly target: Target; readonly value: Scalar }
  | { readonly op: 'startsWith'; readonly target: Target; readonly value: string }
  | { readonly op: 'endsWith'; readonly target: Target; readonly value: string }

/** The filter that every record fits. */
export const everyRecord: Filter = { op: 'all', filters: [] }
