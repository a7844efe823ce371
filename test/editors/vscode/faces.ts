/** What is seen when something is not as it should be. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import * as vscode from 'vscode'
import { orion, runJob } from './programs.ts'
import { pause, type Scenario } from './scenario.ts'
import { openAlone, rowsIn, seeRows, statusEntry, toast, welcome } from './sight.ts'

export const noStore: Scenario = [
  [
    'a folder without a store is told what would make one, and nothing is made',
    async ({ hands, folder }) => {
      await openAlone(hands, 'jobs')
      await hands.see(welcome, 'no store')
      assert.ok(!readdirSync(folder).includes('.orion'))
      await hands.picture('face-no-store')
    },
  ],
  [
    'the store that the first recorded job makes is connected to at once',
    async ({ hands, folder }) => {
      await runJob(folder, 'first-test', 1)
      await hands.see(rowsIn('jobs'), 'first-test')
    },
  ],
]

export const noProgram: Scenario = [
  [
    'a program that is nowhere is told of, with what to do',
    async ({ hands }) => {
      await openAlone(hands, 'jobs')
      await hands.see(welcome, 'was not found')
      await hands.see(statusEntry)
      assert.deepEqual(await hands.look(toast), [], 'nobody has asked for anything')
      await hands.picture('face-no-program')
    },
  ],
  [
    'a daemon that somebody else starts is found without a click',
    async ({ hands, folder }) => {
      await orion(folder, 'endpoint')
      await runJob(folder, 'found-again', 1)
      await hands.see(rowsIn('jobs'), 'found-again')
    },
  ],
]

export const newerStore: Scenario = [
  [
    'a store of a newer format is left alone, and its reader is told which version it needs',
    async ({ hands }) => {
      await openAlone(hands, 'jobs')
      await hands.see(welcome, 'newer Orion')
      await hands.picture('face-newer-store')
    },
  ],
]

export const untrusted: Scenario = [
  [
    'in a workspace that nobody trusts nothing is connected to or started',
    async ({ hands, folder }) => {
      await openAlone(hands, 'jobs')
      await hands.see(welcome, 'do not trust')
      await vscode.commands.executeCommand('orion.connect')
      // Time enough for what must not happen.
      await pause(3000)
      assert.deepEqual(daemonsOf(folder), [])
      await hands.picture('face-untrusted')
    },
  ],
]

export const manyRoots: Scenario = [
  [
    'each repository of a workspace has its own rows',
    async ({ hands }) => {
      await openAlone(hands, 'insights')
      await seeRows(hands, 'insights', (rows) =>
        ['label-printer', 'rate-cards'].every((name) =>
          rows.some(({ label, level }) => label.startsWith(name) && level === 1),
        ),
      )
      await hands.see(rowsIn('insights'), 'Learned in label-printer.')
      await hands.see(rowsIn('insights'), 'Learned in rate-cards.')
      await hands.picture('many-roots')
    },
  ],
]

/** Processes that serve the store of a folder. */
function daemonsOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return line.includes('\0serve') && line.includes(`${folder}/`)
    } catch {
      return false // It has ended meanwhile.
    }
  })
}
