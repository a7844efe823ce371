import type { Told } from './hands.ts'
import type { ScenarioPlan } from './scenario-plans.ts'

/** What a whole run came to. */
export interface RunResult {
  readonly date: Date
  readonly versions: { readonly [name: string]: string }
  readonly plans: readonly ScenarioPlan[]
  readonly told: readonly Told[]
  readonly figures: ReadonlyMap<string, string>
}

/** The page that keeps the result of the last run. */
export function resultPage({ date, versions, plans, told, figures }: RunResult): string {
  const failed = told.filter(({ ok }) => !ok).length
  const sum =
    failed === 0 ? `All ${told.length} tests passed.` : `${failed} of ${told.length} tests failed.`
  const lines = [
    '# The extension in a real VS Code: the last run',
    '',
    'Written by `npm run editors:vscode`; do not edit. Times are those of one small machine under its own load: they say what',
    'is possible, and are no promise.',
    '',
    `${date.toISOString().slice(0, 10)}. ${sum}`,
    '',
    '| with | version |',
    '| --- | --- |',
    ...Object.entries(versions).map(([name, version]) => `| ${name} | ${version} |`),
    '',
    '## Figures',
    '',
    '| what | measured |',
    '| --- | --- |',
    ...[...figures].map(([name, value]) => `| ${name} | ${value} |`),
    ...plans.flatMap(({ name, about }) => [
      '',
      `## ${about[0]?.toUpperCase()}${about.slice(1)}`,
      '',
      ...told.filter(({ scenario }) => scenario === name).map(testLine),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function testLine({ name, ok, ms }: Told): string {
  return `- ${ok ? '' : '**failed:** '}${name} (${(ms / 1000).toFixed(1)} s)`
}
