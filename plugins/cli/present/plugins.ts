/** Plugins for people: what they may do, and how they are. */
import { counted } from '../../../sdk/counted.ts'
import { isJsonObject, type JsonObject } from '../../../sdk/json.ts'
import type { ResultOf } from '../../../sdk/protocol/define.ts'
import type { DescribePlugin, InspectPlugin, PluginInfo } from '../../../sdk/protocol/plugins.ts'
import type { TextStyle } from '../print.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'

/** What a plugin may do, one line each; what it could not do before is marked. */
export function grantLines(grants: readonly string[], before = grants): string {
  if (grants.length === 0) return '  - nothing in the store\n'
  const lines = grants.map((grant) => {
    const mark = before.includes(grant) ? '-' : '+'
    return `  ${mark} ${safeText(grant)}\n`
  })
  return lines.join('')
}

/** What a person has to know before code is run to learn what it asks for. */
export function codeText({ entry, files, codeDigest }: ResultOf<typeof InspectPlugin>): string {
  const which = `${counted(files, 'file')}, digest ${codeDigest.slice(0, 12)}…`
  return [
    `${safeText(entry)} (${which})\n`,
    'A plugin is a program: it can do on this machine what you can. To learn what it asks for, it is run once.\n',
  ].join('')
}

/** What a person is about to grant, with the settings that it would have. */
export function grantText(
  { manifest, grants, grantedBefore, problems }: ResultOf<typeof DescribePlugin>,
  settings: JsonObject | undefined,
): string {
  const { name, version, description } = manifest
  const head = [name, ...(version === undefined ? [] : [version])].join(' ')
  const wrong = problems.map((problem) => `  ! ${safeText(problem)}\n`)
  return [
    `${safeText(head)}${description === undefined ? '' : `: ${safeText(description)}`}\n`,
    asksText(grants, grantedBefore),
    grantLines(grants, grantedBefore),
    settingsText(manifest.settings, settings),
    ...(wrong.length === 0 ? [] : ['As it is, it can’t be added:\n', ...wrong]),
  ].join('')
}

function asksText(grants: readonly string[], before: readonly string[] | undefined): string {
  if (before === undefined) return 'It asks to:\n'
  return grants.every((grant) => before.includes(grant))
    ? 'A plugin of this name was granted before. It asks for nothing new:\n'
    : 'A plugin of this name was granted before. It asks to (+ is new):\n'
}

/** The plugins as a table, each with the reason why it does not run. */
export function pluginTable(plugins: readonly PluginInfo[], style: TextStyle): string {
  if (plugins.length === 0) return 'No plugins. `orion plugin add PATH` adds one.\n'
  const { green, yellow, red } = style.colours
  const { text } = drawTable(
    {
      head: ['plugin', 'version', 'state', 'crashes', 'reason'],
      rows: plugins.map(({ name, version, state, crashes, reason }) => [
        safeText(name),
        safeText(version ?? ''),
        state,
        String(crashes),
        safeText(reason ?? ''),
      ]),
      flexible: [],
      numbers: [3],
    },
    {
      ...style,
      paint: (cell, row, column) => {
        if (column !== 2) return cell
        const state = plugins[row]?.state
        if (state === 'running') return green(cell)
        return state === 'failed' ? red(cell) : yellow(cell)
      },
    },
  )
  return text
}

/** How one plugin is, in a line. */
export function pluginLine({ name, state, reason }: PluginInfo): string {
  const why = reason === undefined ? '' : `: ${safeText(reason, { lines: true })}`
  return `${safeText(name)} is ${state}${why}\n`
}

/** The end of a log, as what a plugin has printed may be shown. */
export function logText(text: string): string {
  const safe = safeText(text, { lines: true })
  return safe === '' || safe.endsWith('\n') ? safe : `${safe}\n`
}

function settingsText(schema: JsonObject | undefined, settings: JsonObject | undefined): string {
  const properties = schema?.properties
  const names = isJsonObject(properties) ? Object.keys(properties) : []
  const set = Object.entries(settings ?? {})
  if (names.length === 0 && set.length === 0) return ''
  const values = set.map(([name, value]) => `  ${safeText(`${name} = ${JSON.stringify(value)}`)}\n`)
  const head = names.length === 0 ? 'none are declared' : safeText(names.join(', '))
  return `Its settings: ${head}\n${values.join('')}`
}
