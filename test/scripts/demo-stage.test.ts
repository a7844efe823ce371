/** What a person sees of the demonstration, on a wide terminal and in a file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedLines } from '../../scripts/demo/event-feed.ts'
import type { SeenEvent } from '../../scripts/demo/messages.ts'
import { countTests } from '../../scripts/demo/quick-tests.ts'
import { Stage, wrapWords } from '../../scripts/demo/stage.ts'

const event = (seq: number, topic: string, principal = 'owner'): SeenEvent => ({
  seq,
  txn: seq,
  topic,
  version: 1,
  token: `token-${seq}`,
  at: '2026-11-22T09:30:12.482913Z',
  actor: { principal, client: 'demo/1.0.0' },
})

function stageOf(options: { readonly terminal: boolean; readonly columns: number }): {
  readonly stage: Stage
  readonly lines: () => string[]
} {
  let text = ''
  const write = (more: string): void => {
    text += more
  }
  const stage = new Stage({ ...options, write, colours: false, elapsedMs: () => 1200 })
  return { stage, lines: () => text.split('\n') }
}

test('a long run of one topic is one line with its range', () => {
  const events = [
    event(1, 'JobResult.created'),
    ...[2, 3, 4, 5].map((seq) => event(seq, 'OrionActionLog.created', `script:${seq % 2}`)),
    event(6, 'JobResult.updated'),
  ]
  assert.deepEqual(feedLines(events, undefined), [
    '#1 JobResult.created v1  owner',
    '#2–5 OrionActionLog.created ×4  by 2',
    '#6 JobResult.updated v1  owner',
  ])
})

test('a line of the feed is cut to its column', () => {
  assert.deepEqual(feedLines([event(1, 'JobResult.created')], 12), ['#1 JobResul…'])
})

test('on a wide terminal events stand beside the story', () => {
  const { stage, lines } = stageOf({ terminal: true, columns: 140 })
  stage.feed([event(1, 'JobResult.created')])
  stage.say('ci', 'has ended')
  const [line = ''] = lines()
  assert.match(line, /^ {2}1\.2 s {2}ci {6}has ended +│ #1 JobResult\.created v1 {2}owner$/)
})

test('in a file events are lines of their own, and nothing is wrapped or overwritten', () => {
  const { stage, lines } = stageOf({ terminal: false, columns: 40 })
  stage.progress('one moment')
  stage.feed([event(1, 'JobResult.created')])
  const long = 'a sentence that is longer than the terminal is wide, if there were one'
  stage.say('ci', long)
  const [first = '', second = ''] = lines()
  assert.match(first, /^ +· #1 JobResult\.created v1 {2}owner$/)
  assert.ok(second.endsWith(long))
})

test('words are wrapped between them, and a long one keeps its line', () => {
  assert.deepEqual(wrapWords('one two three extraordinary', 8), [
    'one two',
    'three',
    'extraordinary',
  ])
})

test('the counts of tests are read from both reporters', () => {
  assert.deepEqual(countTests('# tests 5\n# pass 3\n# fail 2\n'), { pass: 3, fail: 2 })
  assert.deepEqual(countTests('ℹ tests 5\nℹ pass 4\nℹ fail 1\n'), { pass: 4, fail: 1 })
  assert.deepEqual(countTests('nothing of the kind'), { pass: 0, fail: 0 })
})
