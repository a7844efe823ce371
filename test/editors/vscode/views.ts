/** What each view shows of a store with real data, and its picture. */
import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { Scenario } from './scenario.ts'
import { clearToasts, openAlone, rowsIn, seeRows, statusEntry, type ViewName } from './sight.ts'

/** The views, in a theme whose name is part of the pictures' names. */
export function viewsScenario(theme: 'dark' | 'light'): Scenario {
  return [
    [
      'the extension is active as soon as a folder with a store is open',
      async ({ hands }) => {
        const extension = vscode.extensions.getExtension('orion.orion-vscode')
        assert.ok(extension, 'it is installed')
        await extension.activate()
        await hands.see(statusEntry)
      },
    ],
    [
      'the status bar tells what fails and what waits',
      async ({ hands }) => {
        await hands.see(statusEntry, '4')
        const [entry] = await hands.look(`${statusEntry} .statusbar-item-label`)
        assert.match(entry?.label ?? '', /connected, \d jobs fail, \d proposals to review/)
      },
    ],
    [
      'jobs are told apart: running, failing, flaky',
      async ({ hands }) => {
        await openAlone(hands, 'jobs')
        const rows = await seeRows(hands, 'jobs', (seen) =>
          seen.some(({ label }) => label.startsWith('build-image')),
        )
        const labels = rows.map(({ label }) => label)
        for (const group of ['Running', 'Failing', 'Flaky', 'All Jobs']) {
          assert.ok(
            labels.some((label) => label.startsWith(`${group},`)),
            `${group} in ${labels.join(' / ')}`,
          )
        }
        assert.ok(labels.some((label) => /^build-image, failed \(137\) after \d/.test(label)))
        assert.ok(labels.some((label) => /^nightly-load-test, running/.test(label)))
        assert.ok(labels.some((label) => /^integration-tests, \d+ of \d+ failed/.test(label)))
        await clearToasts()
        await hands.picture(`jobs-${theme}`)
      },
    ],
    ...(['proposals', 'insights', 'patterns', 'log'] as const).map((view): Scenario[number] => [
      `the view of ${view} shows what is there`,
      async ({ hands }) => {
        await openAlone(hands, view)
        const rows = await seeRows(hands, view, (seen) =>
          seen.some(({ label }) => label.includes(expected[view])),
        )
        assert.ok(rows.every(({ label }) => label !== ''))
        await hands.see(rowsIn(view))
        await hands.picture(`${view}-${theme}`)
      },
    ]),
  ]
}

const expected: { readonly [V in ViewName]: string } = {
  jobs: 'build-image',
  proposals: 'Two insights say the same',
  insights: 'CREATE INDEX without CONCURRENTLY',
  patterns: '통합 시험이 이유 없이 가끔 실패할 때',
  log: 'run',
}
