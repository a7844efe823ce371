import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { coloursFor } from '../../plugins/cli/colours.ts'
import { progressBar } from '../../plugins/cli/present/progress-bar.ts'
import { makePlace } from './orion-process.ts'

const insight = (at: number) => JSON.stringify({ summary: `insight ${at}`, domain: 'build' })

test('a file of JSON lines becomes records, and a line that is wrong is named with what stands', async (t) => {
  const place = makePlace(t)
  const file = (name: string, lines: readonly string[]): string => {
    writeFileSync(join(place.directory, name), `${lines.join('\n')}\n`)
    return `@${name}`
  }
  const lines = Array.from({ length: 600 }, (_, at) => insight(at))
  const good = file('good.jsonl', [
    ...lines,
    '',
    JSON.stringify({ id: 'mine', data: { summary: 'with an id', domain: 'ci' } }),
  ])
  const told = await place.orion(['import', 'OrionInsight', good])
  assert.deepEqual([told.code, told.stdout], [0, 'ok 601 records of OrionInsight created\n'])
  assert.equal((await place.orion(['count', 'OrionInsight'])).stdout, '601\n')
  assert.equal((await place.orion(['get', 'OrionInsight', 'mine'])).code, 0)

  const odd = file('odd.jsonl', [...lines.slice(0, 300), '', '{"summary":5,"domain":"x"}'])
  const refused = await place.orion(['import', 'OrionInsight', odd])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /line 302: .*; 250 records stand, nothing further was sent/)
  const broken = file('broken.jsonl', [insight(1), '{"summary":'])
  const unread = await place.orion(['import', 'OrionInsight', broken])
  assert.equal(unread.code, 2)
  assert.match(unread.stderr, /line 2: expected JSON.*; 0 records stand/)
  assert.equal((await place.orion(['import', 'OrionInsight', '@nowhere.jsonl'])).code, 2)
  assert.equal((await place.orion(['count', 'OrionInsight'])).stdout, '851\n')
})

test('a progress bar is drawn over itself on a terminal, and nothing elsewhere', async () => {
  const written: string[] = []
  const out = (columns: number | undefined) => ({
    write: async (text: string) => void written.push(text),
    gone: new AbortController().signal,
    colours: coloursFor({}, {}),
    columns,
  })
  let nowMs = 0
  const bar = progressBar(out(60), () => nowMs)
  bar.show({ done: 0, part: 0 })
  nowMs = 10
  bar.show({ done: 1, part: 0.1 })
  nowMs = 1000
  bar.show({ done: 500, part: 0.5 })
  bar.show({ done: 1000, part: 1 })
  await bar.clear()
  assert.equal(written.length, 4, 'no more often than eyes can follow')
  assert.match(written[1] ?? '', /^\r█+░+ {2}50 % {2}500 records, 500\/s/u)
  assert.doesNotMatch(written[2] ?? '', /░/)
  assert.equal(written[3], '\r\u001b[K')
  written.length = 0
  const none = progressBar(out(undefined))
  none.show({ done: 1, part: 0.5 })
  await none.clear()
  assert.deepEqual(written, [])
})

test('a progress bar of several steps starts each at zero, tells what is left, and stays in its row', async () => {
  const written: string[] = []
  const out = {
    write: async (text: string) => void written.push(text),
    gone: new AbortController().signal,
    colours: coloursFor({}, {}),
    columns: 70,
  }
  let nowMs = 0
  const bar = progressBar(out, () => nowMs, 'rows')
  const show = (step: string, done: number) =>
    bar.show({ step, done, part: done / 1000, total: 1000 })
  show('bringing over', 0)
  nowMs = 10_000
  show('bringing over', 100)
  nowMs = 20_000
  show('reading back', 0)
  nowMs = 21_000
  show('reading back', 500)
  await bar.clear()
  await bar.clear()
  const lines = written.map((text) => text.replace('\r', '').replace('\u001b[K', ''))
  const [, over = '', , back = '', cleared] = lines
  assert.match(over, /^bringing over .*10 % {2}100\/1000 rows, 10\/s, 1 min 30 s left$/u)
  assert.match(back, /^reading back .*50 % {2}500\/1000 rows, 500\/s, 1 s left$/u)
  assert.equal(cleared, '')
  assert.equal(written.length, 5, 'what is clear is not cleared again')
  assert.ok(lines.every((line) => line.length < 70))
})
