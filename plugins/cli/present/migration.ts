import type { MigrationResult, TypeCheck } from '../../../sdk/client/type-migrator.ts'
import { counted } from '../../../sdk/counted.ts'
import type { TextStyle } from '../print.ts'
import { cellText } from './cell.ts'
import { safeText } from './safe-text.ts'

const marks: { readonly [S in TypeCheck['state']]: readonly [mark: string, what: string] } = {
  same: ['✔', 'as the store has it'],
  absent: ['+', 'is defined at its first use'],
  grows: ['+', 'is added to at its next use'],
  older: ['✖', 'is older than the store’s'],
  migrate: ['✖', 'has to be migrated'],
  differs: ['✖', 'differs, and no migration says how to get there'],
  diverged: ['✖', 'has another past than in the store'],
}

/** How declared types stand to the store's, one after the other. */
export function checksText(checks: readonly TypeCheck[], { colours }: TextStyle): string {
  const { bold, dim } = colours
  const parts = checks.map(({ type, state, differences, remedy }) => {
    const [mark, what] = marks[state]
    const lines = differences.map((line) => `    ${safeText(line)}\n`).join('')
    const hint = remedy === undefined ? '' : dim(`    ${safeText(remedy)}\n`)
    return `${mark} ${bold(safeText(type))} ${what}\n${lines}${hint}`
  })
  return parts.join('')
}

/** What migrations did, or would do. */
export function migrationsText(results: readonly MigrationResult[], style: TextStyle): string {
  const asked = results.filter(({ direction }) => direction !== 'none')
  if (asked.length === 0) return 'nothing to migrate\n'
  return asked.map((result) => migrationText(result, style)).join('\n')
}

function migrationText(result: MigrationResult, { colours }: TextStyle): string {
  const { bold, dim } = colours
  const { type, direction, migrations, plan, records, changed, schemaVersion } = result
  const verb = `${changed ? '' : 'would be '}${direction === 'down' ? 'undone' : 'applied'}`
  const lines = [
    `${bold(safeText(type))}  ${migrations.map((name) => safeText(name)).join(', ')} ${verb}`,
    ...plan.map((line) => `  ${safeText(line)}`),
    `  ${counted(records.total, 'record')}, ${records.changed} changed${changed ? `; schema version ${schemaVersion}` : ''}`,
  ]
  if (result.destroys) {
    lines.push(dim('  removes values that only a backup and the history keep'))
  }
  for (const { id, before, after } of result.samples ?? []) {
    lines.push(`  ${safeText(id)}`, `    - ${cellText(before)}`, `    + ${cellText(after)}`)
  }
  if (records.unfit > 0) lines.push(`  ${records.unfit} do not fit:`)
  for (const { id, issues } of result.unfit ?? []) {
    const told = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
    lines.push(`    ${safeText(id)}  ${safeText(told)}`)
  }
  if (result.backup !== undefined) lines.push(dim(`  backup: ${safeText(result.backup)}`))
  return `${lines.join('\n')}\n`
}
