/** Search finds what is relevant: in English at least as well as plain FTS5, in Korean far better, on both engines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineNames } from '../../daemon/store/engine/load-engine.ts'
import { measure, measureStore, plainFts5 } from './measure.ts'
import { relevanceNotes, relevanceQuestions } from './relevance-set.ts'

const notes = relevanceNotes()
const questions = relevanceQuestions(notes)

test('the set is large, in two languages, and every question has an answer', () => {
  assert.ok(notes.length >= 2000)
  assert.equal(new Set(notes.map(({ id }) => id)).size, notes.length)
  assert.equal(new Set(notes.map(({ summary }) => summary)).size, notes.length)
  for (const language of ['english', 'korean'] as const) {
    const asked = questions.filter((question) => question.language === language)
    assert.ok(asked.length >= 50)
    const isOpen = ({ grades }: { readonly grades: ReadonlyMap<string, number> }) => grades.size > 5
    assert.ok(
      asked.filter(isOpen).length >= asked.length / 2,
      'half of them leave open what is meant',
    )
  }
  for (const { text, grades } of questions) assert.ok(grades.size > 0, text)
})

for (const engine of engineNames) {
  test(`what is relevant is found on ${engine}, and stands in front`, async () => {
    const baseline = await measure(await plainFts5(notes), questions)
    const ours = await measureStore(engine, notes, questions)
    const of = (name: string) => {
      const [our, their] = [ours.get(name), baseline.get(name)]
      assert.ok(our !== undefined && their !== undefined)
      const told = `${name}: ${JSON.stringify(our)} against ${JSON.stringify(their)}`
      return { our, their, told }
    }
    const english = of('english')
    assert.ok(english.our.recallAt5 >= english.their.recallAt5, english.told)
    assert.ok(english.our.meanReciprocalRank >= english.their.meanReciprocalRank, english.told)
    const korean = of('korean')
    assert.ok(korean.our.recallAt5 >= korean.their.recallAt5 + 0.4, korean.told)
    assert.ok(korean.our.meanReciprocalRank >= 0.9, korean.told)
    assert.ok(korean.our.meanReciprocalRank >= english.our.meanReciprocalRank, korean.told)
  })
}
