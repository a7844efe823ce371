/** The report as one page that needs nothing else. */
import type { Group, TypeCounts } from '../run/tally.ts'
import { type MigrationReport, succeeded } from './report.ts'
import { pileNames, titles, typeText } from './text-report.ts'

/** The page. */
export function htmlReport(report: MigrationReport): string {
  const { source, migration, verification, cleanUp, next } = report
  const verdict = verification === undefined ? '' : verdictOf(report)
  const parts = [
    `<h1>${escaped(titles[report.mode])}</h1>`,
    `<p class="dim">${escaped(source.path)} · ${source.rows} rows · ${escaped(report.startedAt)} · ${(report.durationMs / 1000).toFixed(1)} s</p>`,
    verdict,
  ]
  if (migration !== undefined) {
    parts.push(
      '<h2>Piles</h2>',
      legend(),
      bar({ type: 'all', read: migration.read, ...migration.piles }),
      '<h2>Types</h2>',
      ...migration.types.map(bar),
      groups('Repaired', migration.repairs),
      groups('Kept aside', migration.quarantine),
      groups('Worth knowing', migration.notices),
    )
  }
  if (source.ignored.length > 0) {
    const items = source.ignored.map(({ name, rows }) => `<li>${escaped(name)}: ${rows} rows</li>`)
    parts.push(`<h2>Tables that were left alone</h2><ul>${items.join('')}</ul>`)
  }
  if (verification !== undefined) parts.push(groups('Not accounted for', verification.problems))
  if (cleanUp !== undefined) {
    parts.push(
      cleanUp.exportedTo === undefined
        ? '<h2>Clean-up</h2><p>There was nothing to delete.</p>'
        : `<h2>Clean-up</h2><p>${cleanUp.deleted} rows deleted; the file as it was: ${escaped(cleanUp.exportedTo)}</p>`,
    )
  }
  if (next.length > 0)
    parts.push(`<h2>Next</h2><ul>${next.map((step) => `<li>${escaped(step)}</li>`).join('')}</ul>`)
  return page(titles[report.mode], parts.join('\n'))
}

function verdictOf(report: MigrationReport): string {
  const { verification } = report
  if (verification === undefined) return ''
  const { rows, proven, kept, edited } = verification
  const good = succeeded(report)
  const told = `${proven} of ${rows} rows were read back and are the same; ${kept} are kept aside byte for byte; ${edited} were changed here since.`
  return `<p class="verdict ${good ? 'good' : 'bad'}"><b>${good ? 'Verified' : 'Not verified'}</b> ${told}</p>`
}

function bar(counts: TypeCounts): string {
  const pieces = pileNames
    .filter((pile) => counts[pile] > 0)
    .map((pile) => {
      const share = ((counts[pile] / Math.max(1, counts.read)) * 100).toFixed(3)
      return `<i class="${pile}" style="width:${share}%" title="${pile}: ${counts[pile]}"></i>`
    })
  const numbers = pileNames
    .filter((pile) => counts[pile] > 0)
    .map((pile) => `${counts[pile]} ${pile}`)
  return `<div class="row"><span>${escaped(typeText(counts.type))}</span><div class="bar">${pieces.join('')}</div><small>${counts.read} rows: ${numbers.join(', ')}</small></div>`
}

function legend(): string {
  return `<p class="legend">${pileNames.map((pile) => `<i class="${pile}"></i>${pile}`).join(' ')}</p>`
}

function groups(title: string, all: readonly Group[]): string {
  if (all.length === 0) return ''
  const rows = all.map(({ kind, text, rows, examples }) => {
    const shown = examples.map(
      ({ row, detail }) => `<li><code>${escaped(row)}</code> ${escaped(detail)}</li>`,
    )
    return `<tr><td class="number">${rows}</td><td>${escaped(text)} <small>${escaped(kind)}</small><ul>${shown.join('')}</ul></td></tr>`
  })
  return `<h2>${title}</h2><table>${rows.join('\n')}</table>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${style}</style></head>
<body>
${body}
</body></html>
`
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h2 { margin-top: 2rem; font-size: 1.1rem }
.dim, small { opacity: .7 }
.verdict { padding: .6rem 1rem; border-left: .4rem solid }
.good { border-color: #2a8a4a } .bad { border-color: #c0392b }
.row { margin: .6rem 0 }
.bar { display: flex; height: 1.1rem; background: #8882; border-radius: .2rem; overflow: hidden }
.bar i { display: block; min-width: 2px }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 .8rem }
i.migrated { background: #2a8a4a } i.repaired { background: #d59a1b } i.carried { background: #3b7cc4 }
i.quarantined { background: #c0392b } i.unchanged { background: #888 }
table { border-collapse: collapse; width: 100% } td { vertical-align: top; padding: .3rem .6rem; border-top: 1px solid #8884 }
.number { text-align: right; font-variant-numeric: tabular-nums } ul { margin: .2rem 0 }
`
