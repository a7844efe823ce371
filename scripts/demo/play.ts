import { crash } from './acts/crash.ts'
import { ending } from './acts/ending.ts'
import { insight } from './acts/insight.ts'
import { job } from './acts/job.ts'
import { opening } from './acts/opening.ts'
import { race, type Writer } from './acts/race.ts'
import type { Facts } from './facts.ts'
import type { Production } from './production.ts'

/**
 * Plays the acts one after the other and collects what was measured.
 *
 * @returns The facts of the acts that came to their end, and what stopped the others.
 */
export async function play(
  production: Production,
): Promise<{ readonly facts: Facts; readonly failure: unknown }> {
  const facts: { -readonly [Act in keyof Facts]: Facts[Act] } = {}
  try {
    const { start, editor, agent } = await opening(production)
    facts.start = start
    // They load while the tests run, and wait for their turn.
    const writers = writerNames.map(
      (name): Writer => ({ speaker: name, actor: production.cast('writer', { name }) }),
    )
    facts.job = await job(production, editor)
    facts.insight = await insight(production, agent, editor)
    const insightId = facts.insight.id
    facts.race = await race(production, writers, insightId)
    facts.crash = await crash(production, { start, editor, writers, insightId })
    facts.end = await ending(production, facts.crash.successor.pid)
    return { facts, failure: undefined }
  } catch (failure) {
    return { facts, failure }
  }
}

const writerNames = ['triage', 'review'] as const
