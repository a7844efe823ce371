/** What a migration of a record type consists of: steps that are data, so that the daemon runs them by itself. */
import type { FieldDefinition } from './field.ts'
import type { Json } from './json.ts'

/** How one value becomes another. Every conversion gives the same for the same value, or says that it can't. */
export type NamedConversion =
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'instant'
  | 'list'
  | 'first'
  | 'trim'
  | 'lowercase'
  | 'uppercase'

/** A named conversion, or values by the text of the value before; what has no entry stays as it is. */
export type Conversion = NamedConversion | { readonly map: { readonly [before: string]: Json } }

/** Where the value of a new field comes from. A field that a record lacks gives none. */
export type ValueSource =
  | { readonly value: Json }
  /** The value of another field, converted one after the other. */
  | { readonly field: string; readonly convert?: readonly Conversion[] }
  /** The texts of several fields, one after the other. */
  | { readonly join: readonly string[]; readonly separator: string }
  /** A part of a text: 0 is the first, -1 the last. With `rest`, all from that part on. */
  | {
      readonly split: string
      readonly separator: string
      readonly part: number
      readonly rest?: true
    }

/**
 * What becomes of a value that does not fit its field. `refuse`: the migration changes nothing and says which records
 * do not fit. `unset`: the field is left out. `fit`: numbers are moved to the nearest bound, texts and lists are cut,
 * what else does not fit is refused. `value`: it is replaced.
 */
export type UnfitRule = 'refuse' | 'unset' | 'fit' | { readonly value: Json }

/** One step. Those of a migration are applied in their order; each sees what the one before has left. */
export type MigrationStep =
  | { readonly step: 'renameField'; readonly field: string; readonly to: string }
  | { readonly step: 'removeField'; readonly field: string }
  | {
      readonly step: 'addField'
      readonly field: string
      readonly definition: FieldDefinition
      /** Of the records that are there; without one they get the default, or none. */
      readonly from?: ValueSource
      readonly unfit?: UnfitRule
    }
  | {
      readonly step: 'changeField'
      readonly field: string
      readonly definition: FieldDefinition
      readonly convert?: readonly Conversion[]
      readonly unfit?: UnfitRule
    }
  | { readonly step: 'removeIndex'; readonly index: readonly string[] }
  /** Removes the type with all of its records. Their history stays; a backup has the rest. */
  | { readonly step: 'removeType' }

/** How a migration is said in a definition: enough to tell whether it is the one that was applied. */
export interface MigrationMark {
  readonly name: string
  readonly checksum: string
}

/** A migration of one record type. Once it has been applied anywhere, it never changes. */
export interface Migration extends MigrationMark {
  readonly description?: string
  readonly up: readonly MigrationStep[]
  /** The way back; a migration without one can't be undone. */
  readonly down?: readonly MigrationStep[]
}
