/**
 * The lineage of a record type: the migrations that its shape has behind it. Two programs that declare the same type
 * with different lineages are of different ages, and the store serves one of them.
 */
import type { MigrationMark } from './migration-step.ts'

/** How what a program declares stands to what the store has. */
export type LineageRelation =
  /** The program says nothing of migrations, or has the same. */
  | { readonly relation: 'same' }
  /** The store has migrations that the program does not know. */
  | { readonly relation: 'older'; readonly unknown: readonly MigrationMark[] }
  /** The program has migrations that were not applied. */
  | { readonly relation: 'newer'; readonly pending: readonly MigrationMark[] }
  /** A migration that was applied is another one in the program. */
  | {
      readonly relation: 'diverged'
      readonly position: number
      readonly applied: MigrationMark
      readonly declared: MigrationMark
    }

/** Compares the lineage that a program declares, if it declares one, with the store's. */
export function compareLineages(
  applied: readonly MigrationMark[] = [],
  declared: readonly MigrationMark[] | undefined,
): LineageRelation {
  if (declared === undefined) return { relation: 'same' }
  for (const [position, mark] of declared.entries()) {
    const other = applied[position]
    if (other === undefined) return { relation: 'newer', pending: declared.slice(position) }
    if (other.name === mark.name && other.checksum === mark.checksum) continue
    return { relation: 'diverged', position, applied: other, declared: mark }
  }
  if (applied.length === declared.length) return { relation: 'same' }
  return { relation: 'older', unknown: applied.slice(declared.length) }
}

/** Why a program can't be served with the type that it declares, and what to do; for error `migration_required`. */
export interface LineageProblem {
  readonly message: string
  readonly plan: readonly string[]
  readonly remedy: string
}

/** What is wrong between a program and the store; undefined where nothing is. A program that is older may still be served. */
export function lineageProblem(type: string, found: LineageRelation): LineageProblem | undefined {
  switch (found.relation) {
    case 'same':
      return undefined
    case 'older': {
      const names = found.unknown.map(({ name }) => name).join(', ')
      return {
        message: `this program's ${type} is older than the store's, which was migrated since: ${names}`,
        plan: found.unknown.map(({ name }) => `the store has migration ${name}`),
        remedy: `Update the program to one that declares ${type} with these migrations.`,
      }
    }
    case 'newer': {
      const names = found.pending.map(({ name }) => name).join(', ')
      return {
        message: `this program's ${type} is newer than the store's, which has to be migrated: ${names}`,
        plan: found.pending.map(({ name }) => `migration ${name} was not applied`),
        remedy:
          'Look at it with `orion types migrate --module FILE --dry-run`, then run it without --dry-run.',
      }
    }
    case 'diverged': {
      const { position, applied, declared } = found
      const what =
        applied.name === declared.name
          ? `migration ${applied.name} was changed after it was applied (${applied.checksum}, now ${declared.checksum})`
          : `migration ${position + 1} is ${applied.name} in the store and ${declared.name} in this program`
      return {
        message: `${type} has another past in the store than in this program: ${what}`,
        plan: [what],
        remedy:
          'Put the migration back as it was applied, and add a new one behind it for what is to change.',
      }
    }
  }
}
