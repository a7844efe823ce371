/** Proposals: looked at, approved, carried out and rejected without leaving the editor. */
import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import { OrionInsight, Proposal, Proposals } from '../../../plugins/orion/index.ts'
import type { RecordData } from '../../../sdk/index.ts'
import { asAnother, proposeAs } from './programs.ts'
import { addressIn } from './record-address.ts'
import { eventually, type Scenario } from './scenario.ts'
import {
  clearToasts,
  closeEditors,
  dialog,
  dialogButton,
  openAlone,
  pickInput,
  rowsIn,
  seeText,
  statusEntry,
  toast,
} from './sight.ts'

const lens = '.codelens-decoration a'
const agent = 'agent:ci-doctor'
const twoInsights = 'Two insights say the same'

export const review: Scenario = [
  [
    'a proposal opens as a document that says what it would change, why and by whom',
    async ({ hands }) => {
      await clearToasts()
      await openAlone(hands, 'proposals')
      await hands.click(rowsIn('proposals'), twoInsights)
      const text = await seeText('the proposal', (shown) => /What it would change/.test(shown))
      assert.match(text, /pending, 0 of 1 approval · priority high/)
      assert.match(text, /OrionInsight\/cache-compiler/)
      assert.match(text, /~ update OrionInsight cache-compiler, based on version 1/)
      assert.match(text, /- archive OrionInsight cache-stale, based on version 1/)
      assert.match(text, /^digest [0-9a-f]{64}$/m)
      await hands.see(lens, 'Approve…')
      await hands.picture('proposal-dark')
    },
  ],
  [
    'its differences are shown record by record',
    async ({ hands }) => {
      await hands.click(lens, 'Show Differences')
      await hands.see('.monaco-diff-editor', 'cache-stale')
      await hands.picture('proposal-diff-dark')
      await closeEditors()
    },
  ],
  [
    'it is approved and carried out without leaving the editor',
    async ({ hands, folder }) => {
      const began = Date.now()
      await hands.click(rowsIn('proposals'), twoInsights)
      await seeText('the proposal', (shown) => /What it would change/.test(shown))
      await hands.click(lens, 'Approve…')
      await hands.see(dialog, 'Approve exactly this?')
      await hands.see(dialog, 'archive OrionInsight cache-stale')
      await hands.picture('approve-dark')
      await hands.click(dialogButton, 'Approve')
      await hands.click(lens, 'Execute…')
      await hands.see(dialog, 'Carry out exactly this?')
      await hands.click(dialogButton, 'Execute')
      await hands.see(toast, 'The proposal is carried out.')
      await hands.figure(
        'clicks from a proposal to its execution',
        '5: row, Approve…, Approve, Execute…, Execute',
      )
      await hands.figure('time of these clicks by a machine', `${Date.now() - began} ms`)
      await seeText('its end', (shown) => /executed/.test(shown))
      const [kept, gone] = await asAnother(folder, (client) =>
        client.repository(OrionInsight).getMany(['cache-compiler', 'cache-stale']),
      )
      assert.equal(kept?.data.confidenceScore, 0.97)
      assert.equal(gone?.lifecycle, 'archived')
      await clearToasts()
      await closeEditors()
    },
  ],
  [
    'it is rejected with a reason, which whoever proposed it can read',
    async ({ hands, folder }) => {
      await hands.click(rowsIn('proposals'), 'Guesses of last month')
      const id = await idOf('Guesses of last month')
      await hands.click(lens, 'Reject…')
      await hands.see(pickInput)
      await hands.press('Enter')
      await hands.see('.quick-input-widget', 'Say why it is rejected.')
      await hands.type('Keep them until the runner was measured.')
      await hands.picture('reject-dark')
      await hands.press('Enter')
      const data = await stateOf(folder, id, 'rejected')
      assert.equal(data.reviewComment, 'Keep them until the runner was measured.')
      await seeText('its end', (shown) => /rejected/.test(shown))
      await clearToasts()
      await closeEditors()
    },
  ],
  [
    'a proposal that is handed in elsewhere is told of at once, and counted',
    async ({ hands, folder }) => {
      const operation = {
        op: 'update',
        type: 'OrionInsight',
        id: 'index-lock',
        expectedVersion: 1,
        set: { tags: ['postgres', 'migration', 'lock'] },
      } as const
      const reason = 'A tag under which it is looked for'
      const began = Date.now()
      await proposeAs(folder, agent, { reason, operations: [operation] })
      const at = await hands.see(rowsIn('proposals'), reason)
      await hands.figure(
        'from handing a proposal in, in another process, to its row',
        `${at - began} ms`,
      )
      await hands.see(toast, `${agent} proposes: ${reason}`)
      await eventually('a status that counts it', async () => {
        const [entry] = await hands.look(`${statusEntry} .statusbar-item-label`)
        return /1 proposal to review/.test(entry?.label ?? '') ? true : undefined
      })
      await hands.picture('proposal-toast')
      await clearToasts()
    },
  ],
  [
    'a proposal that becomes stale while it is looked at says so, and can’t be approved any more',
    async ({ hands, folder }) => {
      await hands.click(rowsIn('proposals'), 'A tag under which it is looked for')
      const id = await idOf('A tag under which it is looked for')
      await asAnother(folder, (client) =>
        client
          .repository(OrionInsight)
          .update('index-lock', { expectedVersion: 1, set: { confidenceScore: 0.99 } }),
      )
      await hands.see(toast, 'void')
      const text = await seeText('why it is void', (shown) =>
        /was version 1 and is version 2 now/.test(shown),
      )
      assert.match(text, /void/)
      await hands.picture('stale-dark')
      await clearToasts()
      void vscode.commands.executeCommand(
        'orion.proposal.approve',
        addressIn(folder, 'Proposal', id),
      )
      await hands.see(toast, 'Nothing can be decided about it')
      assert.deepEqual(await hands.look(dialog), [])
      const { data } = await asAnother(folder, (client) => new Proposals(client).records.get(id))
      assert.notEqual(data.status, 'approved')
      await clearToasts()
      await closeEditors()
    },
  ],
  [
    'what was approved elsewhere is carried out from its row',
    async ({ hands, folder }) => {
      const row = '야간 부하 시험의 끝나는 시각을'
      const id = await asAnother(folder, async (client) => {
        const operations = [
          {
            op: 'update',
            type: 'OrionPattern',
            id: 'image-137',
            expectedVersion: 1,
            set: { frequencyCount: 7 },
          },
        ] as const
        return await proposeAs(folder, agent, {
          reason: 'Seen once more',
          operations: [...operations],
        }).then(async (made) => {
          const { digest = '' } = await new Proposals(client).difference(made)
          await new Proposals(client).approve(made, { digest })
          return made
        })
      })
      await hands.see(rowsIn('proposals'), row)
      void vscode.commands.executeCommand(
        'orion.proposal.execute',
        addressIn(folder, 'Proposal', id),
      )
      await hands.click(dialogButton, 'Execute')
      await stateOf(folder, id, 'executed')
      await clearToasts()
    },
  ],
]

/** The id of the proposal that is looked at, as soon as it is the one with a reason. */
async function idOf(reason: string): Promise<string> {
  const text = await seeText('a proposal', (shown) => shown.includes(reason))
  return /^Proposal {2}(\S+)$/m.exec(text)?.[1] ?? ''
}

/** Waits until a proposal is in a state. */
async function stateOf(
  folder: string,
  id: string,
  status: string,
): Promise<RecordData<typeof Proposal>> {
  return await eventually(status, async () => {
    const { data } = await asAnother(folder, (client) => client.repository(Proposal).get(id))
    return data.status === status ? data : undefined
  })
}
