/** How the format of the store's own tables changes over its life. Formats of record types are not here. */

/** The statements that bring a store from the format before to this one. Shipped ones never change. */
export interface FormatMigration {
  /** The format after it; they follow one another without holes. */
  readonly format: number
  readonly statements: readonly string[]
}
