/** Records: read, compared, made, changed, lost to somebody else, put away, found. */
import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { OrionInsight } from '../../../plugins/orion/index.ts'
import { asAnother } from './programs.ts'
import { addressIn } from './record-address.ts'
import { eventually, type Scenario } from './scenario.ts'
import {
  activeText,
  clearToasts,
  closeEditors,
  dialog,
  dialogButton,
  openAlone,
  pickInput,
  pickRows,
  rowsIn,
  seeText,
  toast,
} from './sight.ts'

const lens = '.codelens-decoration a'

export const records: Scenario = [
  [
    'a record opens from its row as a readable document with its history',
    async ({ hands }) => {
      await clearToasts()
      await openAlone(hands, 'insights')
      await hands.click(rowsIn('insights'), 'integration-tests fails one time in six')
      const text = await seeText('the insight', (shown) =>
        /^OrionInsight {2}midnight$/m.test(shown),
      )
      assert.match(
        text,
        /^version 4 · created .* by agent:ci-doctor · changed .* by agent:ci-doctor$/m,
      )
      assert.match(text, /pin its clock to 12:00 UTC/)
      assert.match(text, /^History$/m)
      assert.match(
        text,
        /^ +4 .* updated +agent:ci-doctor .*summary, relatedTo {2}“the cause was found”$/m,
      )
      assert.match(text, /^ +1 .* created /m)
      await hands.see(lens, 'compare 3 ↔ 4')
      await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup')
      await hands.picture('record-dark')
    },
  ],
  [
    'what differs between two versions is shown in the editor’s own way',
    async ({ hands }) => {
      await hands.click(lens, 'compare 3 ↔ 4')
      await hands.see('.monaco-diff-editor .modified', 'pin its clock to 12:00 UTC')
      await hands.see('.monaco-diff-editor .original', 'crosses midnight UTC')
      await hands.picture('diff-dark')
      await closeEditors()
    },
  ],
  [
    'an open document follows what other programs write',
    async ({ folder }) => {
      await open(folder, 'OrionInsight', 'lockfile-order')
      await seeText('version 1', (text) => /^version 1 /m.test(text))
      await asAnother(folder, (client) =>
        client
          .repository(OrionInsight)
          .update('lockfile-order', { expectedVersion: 1, set: { confidenceScore: 0.85 } }),
      )
      await seeText('version 2', (text) => /^version 2 /m.test(text) && /0\.85/.test(text))
      await closeEditors()
    },
  ],
  [
    'search finds words in both languages while one types, and opens what is chosen',
    async ({ hands }) => {
      await vscode.commands.executeCommand('orion.search')
      await hands.see(pickInput)
      await hands.type('시험')
      await hands.see(pickRows, '야간 부하 시험은 02:00 이전에')
      await hands.see(pickRows, '통합 시험이 이유 없이')
      await hands.picture('search-korean')
      await hands.press('Control+A')
      await hands.type('webhooks OR clock')
      await hands.see(pickRows, 'integration-tests fails one time in six')
      await hands.see(pickRows, 'delivery id makes them idempotent')
      await hands.picture('search-dark')
      await hands.press('Control+A')
      await hands.type('idempotent')
      await hands.miss(pickRows, 'integration-tests fails one time in six')
      await hands.see(pickRows, 'delivery id makes them idempotent')
      await hands.press('Enter')
      await seeText('the record that was found', (text) =>
        text.includes('OrionInsight  webhook-twice'),
      )
      await closeEditors()
    },
  ],
  [
    'a new record begins with its fields described, and is there once it is saved',
    async ({ hands, folder }) => {
      void vscode.commands.executeCommand('orion.record.create')
      await hands.see(pickRows, 'OrionPattern')
      await hands.type('OrionInsight')
      await hands.press('Enter')
      const text = await seeText('the beginning', (shown) => /New OrionInsight/.test(shown))
      assert.match(text, /Words to find it by/)
      await hands.picture('create')
      const summary = 'Written by hand, in an editor.'
      await replace(
        text
          .replace(/^ {2}"summary": .*$/m, `  "summary": ${JSON.stringify(summary)},`)
          .replace(/^ {2}"domain": .*$/m, '  "domain": "ci",'),
      )
      await vscode.workspace.save(activeUri())
      await eventually('the record', async () => {
        const { records: found } = await asAnother(folder, (client) =>
          client.repository(OrionInsight).list({ where: { summary } }),
        )
        return found.length === 1 ? found : undefined
      })
      await seeText('the version it is based on now', (shown) => /, version 1\. Saving/.test(shown))
      await closeEditors()
    },
  ],
  [
    'a record that does not fit its type is refused with the place, and the text stays',
    async ({ hands, folder }) => {
      await edit(folder, 'runner-memory')
      await replace(activeText().replace(/"confidenceScore": .*$/m, '"confidenceScore": "very",'))
      await save()
      await hands.see(toast, 'confidenceScore')
      assert.match(activeText(), /"very"/)
      await hands.picture('invalid')
      await clearToasts()
      await closeEditors()
    },
  ],
  [
    'a save after which somebody else was first writes nothing, and shows both sides',
    async ({ hands, folder }) => {
      await edit(folder, 'load-window')
      const before = activeText()
      await replace(before.replace(/"confidenceScore": .*$/m, '"confidenceScore": 0.75,'))
      await asAnother(
        folder,
        (client) =>
          client.repository(OrionInsight).update('load-window', {
            expectedVersion: 1,
            set: { confidenceScore: 0.6, tags: ['load-test', 'disk'] },
          }),
        'agent:ci-doctor',
      )
      await save()
      await hands.see(toast, 'agent:ci-doctor was first')
      await hands.see(toast, 'Take Theirs')
      await hands.see('.monaco-diff-editor')
      await hands.picture('conflict-dark')
      const now = await asAnother(folder, (client) =>
        client.repository(OrionInsight).get('load-window'),
      )
      assert.equal(now.version, 2)
      assert.equal(now.data.confidenceScore, 0.6)
    },
  ],
  [
    'merging offers what both have changed, and keeps what one alone has changed',
    async ({ hands, folder }) => {
      // As its button above the text does: the notification goes by itself after a while.
      void vscode.commands.executeCommand(
        'orion.conflict.merge',
        addressIn(folder, 'OrionInsight', 'load-window'),
      )
      const merged = await seeText('both sides', (text) => /^<{7}/m.test(text))
      assert.match(merged, /"disk"/)
      await hands.picture('merge-dark')
      await replace(merged.replace(/^<{7}[^\n]*\n([\s\S]*?)^={7}\n[\s\S]*?^>{7}[^\n]*\n/m, '$1'))
      await vscode.workspace.save(activeUri())
      const after = await eventually('version 3', async () => {
        const record = await asAnother(folder, (client) =>
          client.repository(OrionInsight).get('load-window'),
        )
        return record.version === 3 ? record : undefined
      })
      assert.equal(after.data.confidenceScore, 0.75)
      assert.deepEqual(after.data.tags, ['load-test', 'disk'])
      await clearToasts()
      await closeEditors()
    },
  ],
  [
    'archiving and deleting ask first, and only what was shown is moved',
    async ({ hands, folder }) => {
      for (const [verb, lifecycle, id] of [
        ['archive', 'archived', 'two-step-rename'],
        ['delete', 'deleted', 'token-in-url'],
      ] as const) {
        await open(folder, 'OrionInsight', id)
        await seeText('the record', (text) => text.includes(id))
        void vscode.commands.executeCommand(`orion.record.${verb}`)
        await hands.see(dialog, id)
        if (verb === 'delete') await hands.picture('delete')
        await hands.click(dialogButton, verb === 'archive' ? 'Archive' : 'Delete')
        await eventually(lifecycle, async () => {
          const record = await asAnother(folder, (client) =>
            client.repository(OrionInsight).get(id),
          )
          return record.lifecycle === lifecycle ? record : undefined
        })
        await seeText('its new state', (text) => text.includes(lifecycle))
        await closeEditors()
      }
    },
  ],
]

async function open(folder: string, type: string, id: string): Promise<void> {
  await vscode.commands.executeCommand('orion.record.open', addressIn(folder, type, id))
}

async function edit(folder: string, id: string): Promise<void> {
  await vscode.commands.executeCommand('orion.record.edit', addressIn(folder, 'OrionInsight', id))
  await seeText('the record to edit', (text) => text.includes(`OrionInsight ${id}, version`))
}

function activeUri(): vscode.Uri {
  const uri = vscode.window.activeTextEditor?.document.uri
  if (uri === undefined) throw new Error('expected a document')
  return uri
}

/** Saves as a person does, whose save may be refused. */
async function save(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.files.save')
}

async function replace(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor
  if (editor === undefined) throw new Error('expected a document')
  const { document } = editor
  const all = new vscode.Range(0, 0, document.lineCount, 0)
  await editor.edit((builder) => builder.replace(document.validateRange(all), text))
}
