/** The result of a whole run as a table and as a plot. */
import { judge, type Row, short, targetText, type Verdict } from './report.ts'

/** What one section found. */
export interface SectionResult {
  readonly name: string
  readonly title: string
  readonly rows: readonly Row[]
  readonly settings: readonly string[]
}

/** Where and when it was found. */
export interface Place {
  readonly commit: string
  readonly date: string
  readonly machine: string
  readonly node: string
  readonly quick: boolean
}

/** The table, in Markdown. */
export function tableOf(place: Place, results: readonly SectionResult[]): string {
  const { commit, date, machine, node, quick } = place
  const run = quick ? 'a quick run, which is noisy' : 'a whole run'
  const head = `# Measured on ${date}\n\nBy \`npm run bench\` (${run}) at commit ${commit}: ${machine}; Node ${node}.\n`
  return `${[head, ...results.map(sectionOf)].join('\n')}`
}

function sectionOf({ title, rows, settings }: SectionResult): string {
  const lines = rows.map((row) => {
    const { value, least, most, isMet } = judge(row)
    const against = 'against' in row ? row.against : ''
    const unit = 'against' in row ? '' : ` ${row.unit}`
    const verdict = isMet === undefined ? '' : isMet ? 'met' : '**missed**'
    const cells = [row.name, against, `${short(value)}${unit}`, `${short(least)}..${short(most)}`]
    return `| ${[...cells, targetText(row), verdict].join(' | ')} |`
  })
  const told = settings.map((text) => `- ${text}`).join('\n')
  return `## ${title}\n\n${told}\n\n| what | against | ratio | spread | target | |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`
}

const rowHeight = 22
const left = 520
const width = 1040
const right = 40
/** How many times worse or better than its target the edges of the plot are. */
const edge = 16

/** Each ratio with a target, as so many times its target: right of the line is better. */
export function plotOf(results: readonly SectionResult[]): string {
  const parts: string[] = []
  let y = 54
  for (const { title, rows } of results) {
    const shown = rows.filter((row) => row.target !== undefined && judgedBy(row) !== undefined)
    if (shown.length === 0) continue
    parts.push(`<text x="8" y="${y + 15}" class="title">${escaped(title)}</text>`)
    y += rowHeight
    for (const row of shown) {
      parts.push(lineOf(row, y))
      y += rowHeight
    }
  }
  const height = y + 20
  const axis = [1 / 10, 1 / 3, 1, 3, 10].map((times) => tick(times, height)).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>How far each ratio is from its target</title>
<style>text{fill:#222}.title{font-weight:bold;font-size:13px}.axis{stroke:#bbb}.target{stroke:#222}.met{fill:#0b6fa4;stroke:#0b6fa4}.missed{fill:#c2410c;stroke:#c2410c}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="8" y="20" class="title">How far from its target: medians and spread of the rounds, right of the line is better</text>
${axis}
${parts.join('\n')}
</svg>
`
}

function tick(times: number, height: number): string {
  const x = place(times)
  const label = times === 1 ? 'target' : times < 1 ? `1/${Math.round(1 / times)}` : `${times}×`
  const kind = times === 1 ? 'target' : 'axis'
  return `<line x1="${x}" x2="${x}" y1="44" y2="${height - 10}" class="${kind}"/><text x="${x}" y="40" text-anchor="middle">${label}</text>`
}

function lineOf(row: Row, y: number): string {
  const judged = judgedBy(row)
  if (judged === undefined) return ''
  const { value, isMet } = judge(row)
  const [from, at, to] = judged.map(place)
  const kind = isMet ? 'met' : 'missed'
  const middle = y + rowHeight / 2
  const unit = 'against' in row ? '' : ` ${row.unit}`
  const name = 'against' in row ? `${row.name} / ${row.against}` : row.name
  const shown = name.length > 74 ? `${name.slice(0, 73)}…` : name
  const label = `${shown}: ${short(value)}${unit} (${targetText(row)})`
  return `<text x="${left - 12}" y="${middle + 4}" text-anchor="end" font-size="10.5">${escaped(label)}</text><line x1="${from}" x2="${to}" y1="${middle}" y2="${middle}" class="${kind}" stroke-width="2"/><circle cx="${at}" cy="${middle}" r="5" class="${kind}"/>`
}

/** The least, the median and the most, as so many times the target. Undefined where the target is none at all. */
function judgedBy(row: Row): [number, number, number] | undefined {
  const { value, least, most }: Verdict = judge(row)
  const { target } = row
  if (target?.least !== undefined && target.least > 0) {
    const goal = target.least
    return [least / goal, value / goal, most / goal]
  }
  if (target?.most === undefined || target.most === 0) return undefined
  const goal = target.most
  return [goal / most, goal / value, goal / least]
}

function place(times: number): number {
  const within = Math.min(edge, Math.max(1 / edge, times))
  const part = (Math.log(within) / Math.log(edge) + 1) / 2
  return Math.round(left + part * (width - left - right))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
