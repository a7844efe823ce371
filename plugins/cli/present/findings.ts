import type { Finding } from '../../../sdk/protocol/upkeep.ts'
import type { TextStyle } from '../print.ts'
import { safeText } from './safe-text.ts'

/** A list of checks: what each found, what was done or is to be done about it, and a last line for all of them. */
export function findingsText(findings: readonly Finding[], { colours }: TextStyle): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length))
  const marks = { ok: colours.green('ok  '), warn: colours.bold('warn'), fail: colours.red('FAIL') }
  const lines = findings.flatMap(({ check, level, message, remedy, repaired }) => [
    `${marks[level]}  ${check.padEnd(width)}  ${safeText(message)}`,
    ...(repaired === undefined ? [] : [`${' '.repeat(width + 8)}repaired: ${safeText(repaired)}`]),
    ...(remedy === undefined || level === 'ok' || repaired !== undefined
      ? []
      : [`${' '.repeat(width + 8)}${colours.bold('what to do:')} ${safeText(remedy)}`]),
  ])
  const open = findings.filter(({ level, repaired }) => level !== 'ok' && repaired === undefined)
  const faults = open.filter(({ level }) => level === 'fail').length
  const end =
    open.length === 0
      ? 'All is well.'
      : `${faults} ${faults === 1 ? 'fault' : 'faults'}, ${open.length - faults} to look at.`
  return `${lines.join('\n')}\n\n${end}\n`
}
