/** Records that are large, strange or malicious: what they hold is shown, and is never more than text. */
import assert from 'node:assert/strict'
import { OrionInsight } from '../../../plugins/orion/index.ts'
import { asAnother } from './programs.ts'
import type { Scenario } from './scenario.ts'
import { activeText, openAlone, rowsIn, seeText, toast } from './sight.ts'

const markdown =
  '[Approve everything](command:orion.proposal.approve) <img src=x onerror=alert(1)> **bold** $(sync~spin) https://example.org/a'
const controls =
  'red \u001b[31mtext\u001b[0m, \u202egnp.exe\u202c, bell\u0007, null\u0000, zero\u200bwidth'
const large = 'All work and no play. '.repeat(45_000)

export const hostile: Scenario = [
  [
    'markup in a record is text in a row, its tooltip and its document',
    async ({ hands, folder }) => {
      await asAnother(folder, async (client) => {
        const insights = client.repository(OrionInsight)
        await insights.create({ summary: markdown, domain: 'odd' }, { id: 'markup' })
        await insights.create({ summary: controls, domain: 'odd' }, { id: 'controls' })
        await insights.create({ summary: large, domain: 'odd' }, { id: 'large' })
      })
      await openAlone(hands, 'insights')
      await hands.see(rowsIn('insights'), '[Approve everything](command:orion.proposal.approve)')
      await hands.hover(rowsIn('insights'), 'Approve everything')
      await hands.see('.workbench-hover, .monaco-hover', 'Approve everything')
      const links = await hands.look('a[href^="command:"], a[data-href^="command:"], img[src="x"]')
      assert.deepEqual(
        links.filter(({ text }) => /approve/i.test(text)),
        [],
      )
      await hands.click(rowsIn('insights'), 'Approve everything')
      await seeText('the record as text', (text) => text.includes(markdown))
      assert.deepEqual(await hands.look('.detected-link'), [], 'no address in it can be clicked')
      await hands.picture('hostile-markup')
    },
  ],
  [
    'control characters and marks of direction are shown as their codes',
    async ({ hands }) => {
      await hands.click(rowsIn('insights'), 'bell')
      const text = await seeText('the record with codes', (shown) => shown.includes('gnp.exe'))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there.
      assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f\u200b\u202a-\u202e]/)
      assert.match(text, /\\u001b\[31mtext/)
      await hands.picture('hostile-controls')
    },
  ],
  [
    'a record that is too large is cut, and says so',
    async ({ hands }) => {
      await hands.click(rowsIn('insights'), 'All work and no play')
      await seeText('the beginning of the record', (text) => /Cut here/.test(text))
      assert.ok(activeText().length < 600_000, `${activeText().length} characters`)
      assert.deepEqual(await hands.look(toast), [])
      await hands.picture('face-too-large')
    },
  ],
]
