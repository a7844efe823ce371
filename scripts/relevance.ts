/** How well search finds what is relevant, on both engines, beside SQLite's own FTS5: `npm run relevance`. */
import { engineNames } from '../daemon/store/engine/load-engine.ts'
import {
  compared,
  measure,
  measureStore,
  plainFts5,
  type Quality,
} from '../test/relevance/measure.ts'
import { relevanceNotes, relevanceQuestions } from '../test/relevance/relevance-set.ts'

const notes = relevanceNotes()
const questions = relevanceQuestions(notes)
console.log(
  `${notes.length} notes, ${questions.length} questions; baseline: FTS5, unicode61, plain`,
)
const baseline = await measure(await plainFts5(notes), questions)
for (const engine of engineNames) {
  const ours = await measureStore(engine, notes, questions)
  console.log(`\n${engine.padEnd(24)}questions  recall@5 (FTS5)   MRR (FTS5)`)
  for (const { name, ours: quality, baseline: plain } of compared(ours, baseline)) {
    console.log(row(name, quality, plain))
  }
}

function row(name: string, ours: Quality, plain: Quality): string {
  const pair = (our: number, their: number): string => `${our.toFixed(3)} (${their.toFixed(3)})   `
  const recall = pair(ours.recallAt5, plain.recallAt5)
  const rank = pair(ours.meanReciprocalRank, plain.meanReciprocalRank)
  return `${name.padEnd(24)}${String(ours.questions).padStart(9)}  ${recall}${rank}`
}
