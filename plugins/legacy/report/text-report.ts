/** The report for people at a terminal. */
import type { Group, RunPile } from '../run/tally.ts'
import { type MigrationReport, succeeded } from './report.ts'

/** How texts are made bold, dim or coloured; each gives its text back where there are no colours. */
export interface ReportColours {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

/** The piles in the order in which they are shown. */
export const pileNames: readonly RunPile[] = [
  'migrated',
  'repaired',
  'carried',
  'quarantined',
  'unchanged',
]

/** The report as a text of some lines. */
export function textReport(report: MigrationReport, colours: ReportColours): string {
  const { bold, dim } = colours
  const { source, migration, verification, cleanUp, next } = report
  const seconds = (report.durationMs / 1000).toFixed(1)
  const lines = [
    bold(titles[report.mode]),
    dim(`${source.path}, ${count(source.rows, 'row')}, ${seconds} s`),
    '',
  ]
  if (migration !== undefined) {
    lines.push(...table(report, colours), '')
    lines.push(...groups('Repaired', migration.repairs, colours))
    lines.push(...groups('Kept aside', migration.quarantine, colours))
    lines.push(...groups('Worth knowing', migration.notices, colours))
    if (migration.refreshed > 0) {
      lines.push(
        `${count(migration.refreshed, 'row')} had changed in the file since an earlier run; the records are up to date.`,
        '',
      )
    }
  }
  for (const { name, rows } of source.ignored) {
    lines.push(
      `The table ${name} (${count(rows, 'row')}) is none of the earlier system’s; it was left alone.`,
    )
  }
  if (verification !== undefined) lines.push(...verified(report, colours))
  if (cleanUp !== undefined) {
    lines.push(
      cleanUp.exportedTo === undefined
        ? 'There was nothing to delete.'
        : `Deleted ${count(cleanUp.deleted, 'row')} from the file. A copy from before: ${cleanUp.exportedTo}`,
      '',
    )
  }
  if (next.length > 0) lines.push(bold('Next'), ...next.map((step) => `  ${step}`))
  return `${lines.join('\n').trimEnd()}\n`
}

/** What each run is called. */
export const titles: { readonly [mode in MigrationReport['mode']]: string } = {
  migrate: 'Migration of the earlier system’s data',
  'dry-run': 'What a migration would do (nothing was written)',
  verify: 'Verification of the earlier system’s data',
  'clean-up': 'Clean-up of the earlier system’s file',
}

function table({ migration }: MigrationReport, { bold, dim }: ReportColours): string[] {
  if (migration === undefined) return []
  const shown = pileNames.filter((pile) => pile !== 'unchanged' || migration.piles.unchanged > 0)
  const header = ['type', 'read', ...shown]
  const rows = migration.types.map((one) => [
    typeText(one.type),
    String(one.read),
    ...shown.map((pile) => String(one[pile])),
  ])
  const sum = ['all', String(migration.read), ...shown.map((pile) => String(migration.piles[pile]))]
  const widths = header.map((name, at) =>
    Math.max(name.length, sum[at]?.length ?? 0, ...rows.map((row) => row[at]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  return [dim(line(header)), ...rows.map((row) => line(row.map(safe))), bold(line(sum))]
}

/** A type that only blanks tell from another one is shown with them. */
export function typeText(type: string): string {
  return type.trim() === type && type !== '' ? type : JSON.stringify(type)
}

function groups(title: string, all: readonly Group[], { bold, dim }: ReportColours): string[] {
  if (all.length === 0) return []
  const lines = all.flatMap(({ text, kind, rows, examples }) => [
    `  ${String(rows).padStart(6)}  ${text} ${dim(`(${kind})`)}`,
    ...examples
      .slice(0, 1)
      .map(({ row, detail }) =>
        dim(`          ${safe(row)}${detail === '' ? '' : `: ${safe(detail)}`}`),
      ),
  ])
  return [bold(title), ...lines, '']
}

function verified(report: MigrationReport, colours: ReportColours): string[] {
  const { verification } = report
  if (verification === undefined) return []
  const { rows, proven, kept, edited, problems } = verification
  const parts = [
    `${count(proven, 'row')} read back and the same`,
    ...(kept > 0 ? [`${kept.toLocaleString('en-US')} kept aside byte for byte`] : []),
    ...(edited > 0 ? [`${edited.toLocaleString('en-US')} changed here since`] : []),
  ]
  const verdict = succeeded(report) ? colours.green('Verified') : colours.red('Not verified')
  return [
    `${colours.bold(verdict)}: ${parts.join(', ')}, of ${rows.toLocaleString('en-US')}`,
    ...groups('Not accounted for', problems, colours),
    '',
  ]
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`
}

/** Without the characters that move a terminal's cursor. */
function safe(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (sign) =>
    JSON.stringify(sign).slice(1, -1).replace(sign, '·'),
  )
}
