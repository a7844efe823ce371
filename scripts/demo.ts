/**
 * The demonstration: one store, five programs, one crash, on this project's own quick tests.
 *
 * Exits 0 if every claim was checked and holds, 1 if not, 130 after Ctrl-C. Leaves nothing behind.
 */
import { checkClaims } from './demo/claims.ts'
import { makePlace } from './demo/place.ts'
import { play } from './demo/play.ts'
import { Production } from './demo/production.ts'
import { Stage } from './demo/stage.ts'

async function demonstrate(): Promise<number> {
  const stage = new Stage({
    write: (text) => void process.stdout.write(text),
    terminal: isTerminal,
    colours: wantsColours(),
    columns: process.stdout.columns ?? 80,
    elapsedMs: () => performance.now(),
  })
  stage.title('Orion', 'one store, five programs, one crash')
  const production = new Production(makePlace(), stage)
  try {
    const outcome = await Promise.race([play(production), interrupted()])
    if (typeof outcome === 'string') {
      stage.close(`${outcome}: everything is ended and removed`, false)
      return 130
    }
    return judge(stage, production, outcome)
  } finally {
    stage.flush()
    await production.close()
  }
}

/** Says which claims hold; where the play broke off, why. */
function judge(
  stage: Stage,
  { place }: Production,
  { facts, failure }: Awaited<ReturnType<typeof play>>,
): number {
  const claims = checkClaims(facts)
  const good = claims.filter(({ holds }) => holds).length
  stage.claims(claims)
  if (failure !== undefined) {
    const reason = failure instanceof Error ? failure.message : String(failure)
    stage.close(`The play broke off: ${reason}\n\n${place.daemonLog().slice(-2000)}`, false)
  }
  const time = `${(performance.now() / 1000).toFixed(1)} s`
  const allGood = good === claims.length && failure === undefined
  stage.close(`${good} of ${claims.length} claims hold, after ${time}`, allGood)
  if (allGood) stage.next(whatNext)
  return allGood ? 0 : 1
}

const whatNext = [
  ['npx orion watch "*"', 'see every event of this repository’s own store'],
  ['npx orion create OrionInsight --data \'{"summary": "…", "domain": "…"}\'', 'in another shell'],
] as const

const isTerminal = process.stdout.isTTY === true && process.env.TERM !== 'dumb'

function wantsColours(): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env
  if (NO_COLOR || FORCE_COLOR === '0') return false
  return isTerminal || FORCE_COLOR !== undefined
}

/** Somebody wants it to end, or it hangs. */
function interrupted(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve(`Stopped by ${signal}`))
    }
    setTimeout(() => resolve(`Stopped after ${longestMs / 1000} s`), longestMs).unref()
  })
}

/** No machine is so slow. */
const longestMs = 300_000

process.exitCode = await demonstrate()
