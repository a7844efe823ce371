import type { ScenarioPlan } from './scenario-plans.ts'
import type { ScenarioResult } from './scenario-result.ts'

/** A scenario and what it came to. */
export interface Played {
  readonly plan: ScenarioPlan
  readonly result: ScenarioResult
}

/** The page that keeps what every scenario came to when it was played last. */
export function resultPage(played: readonly Played[]): string {
  const tests = played.flatMap(({ result }) => result.tests)
  const versions = new Map(played.flatMap(({ result }) => Object.entries(result.versions)))
  const figures = new Map(played.flatMap(({ result }) => result.figures))
  const failed = tests.filter(({ ok }) => !ok).length
  const sum =
    failed === 0 ? `all ${tests.length} tests passed` : `${failed} of ${tests.length} tests failed`
  const days = played.map(({ result }) => result.at.slice(0, 10)).sort()
  const from = days[0] ?? ''
  const to = days.at(-1) ?? ''
  const lines = [
    '# The extension in a real VS Code: the last run',
    '',
    'Written by `npm run editors:vscode`; do not edit. Times are those of a small machine under other load: they say what is',
    'possible there, and are no promise.',
    '',
    `${from === to ? from : `${from} to ${to}`}: ${sum}.`,
    '',
    '| with | version |',
    '| --- | --- |',
    ...[...versions].map(([name, version]) => `| ${name} | ${version} |`),
    '',
    '## Figures',
    '',
    '| what | measured |',
    '| --- | --- |',
    ...[...figures].map(([name, value]) => `| ${name} | ${value} |`),
    ...played.flatMap(sectionLines),
  ]
  return `${lines.join('\n')}\n`
}

function sectionLines({ plan: { about }, result }: Played): string[] {
  const title = `${about[0]?.toUpperCase() ?? ''}${about.slice(1)}`
  const tests = result.tests.map(
    ({ name, ok, ms }) => `- ${ok ? '' : '**failed:** '}${name} (${(ms / 1000).toFixed(1)} s)`,
  )
  return ['', `## ${title}`, '', ...tests]
}
