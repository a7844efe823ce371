import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SyncMode } from '../../../../daemon/store/engine/engine.ts'
import type { EngineName } from '../../../../daemon/store/engine/load-engine.ts'
import { testEngineName } from '../../../support/engine.ts'
import { type CrashState, problemOf, stateQuery } from './crash-state.ts'

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url))
/** Where `tsx` is found from. */
const projectDirectory = fileURLToPath(new URL('../../../../', import.meta.url))
const killWithinMs = 60
const startWithinMs = 60_000

/**
 * Kills a committing process over and over, at a random moment after its first acknowledgement,
 * and checks each time what it left: on a copy by the system's `sqlite3`, where there is one, and
 * by the engine itself, which the next process opens it with.
 */
export async function runCrashes(settings: CrashSettings): Promise<CrashReport> {
  const file = join(settings.directory, 'crash.db')
  const problems: string[] = []
  let [acknowledged, acknowledgements, logsLeft] = [0, 0, 0]
  const { engines = [testEngineName()] } = settings
  for (let kill = 1; kill <= settings.kills; kill += 1) {
    const engine = engines[kill % engines.length] ?? testEngineName()
    const life = await liveAndDie(file, settings, engine)
    const problem = problemOf(life.found, acknowledged)
    if (problem !== undefined) problems.push(`before kill ${kill}: ${problem}`)
    acknowledgements += life.acknowledgements
    acknowledged = Math.max(acknowledged, life.acknowledged)
    if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) logsLeft += 1
    const copied = checkCopy(file, settings.directory)
    if (copied === undefined) continue
    const copyProblem = problemOf(copied, acknowledged)
    if (copyProblem !== undefined) problems.push(`sqlite3 after kill ${kill}: ${copyProblem}`)
  }
  return { kills: settings.kills, acknowledgements, logsLeft, rows: acknowledged, problems }
}

/** What to run. */
export interface CrashSettings {
  /** Empty; the database and its copies are made in it. */
  readonly directory: string
  readonly syncMode: Exclude<SyncMode, 'off'>
  /** Events in a transaction. */
  readonly batch: number
  readonly kills: number
  /** One after the other, each opens what the one before left; the tests' own if left out. */
  readonly engines?: readonly EngineName[]
}

/** What was found. */
export interface CrashReport {
  readonly kills: number
  readonly acknowledgements: number
  /** Kills that left a log to recover. */
  readonly logsLeft: number
  readonly rows: number
  readonly problems: readonly string[]
}

interface Life {
  readonly found: CrashState
  readonly acknowledged: number
  readonly acknowledgements: number
}

async function liveAndDie(
  file: string,
  { syncMode, batch }: CrashSettings,
  engine: EngineName,
): Promise<Life> {
  const worker = spawn(
    process.execPath,
    ['--import', 'tsx', child, file, syncMode, String(batch)],
    {
      cwd: projectDirectory,
      env: { ...process.env, ORION_ENGINE: engine },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const ended = once(worker, 'close')
  const watchdog = setTimeout(() => worker.kill('SIGKILL'), startWithinMs)
  let stderr = ''
  worker.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  try {
    const life = await readLife(worker)
    await ended
    if (life === undefined || worker.signalCode !== 'SIGKILL') {
      throw new Error(`the process ended by itself: ${stderr}`)
    }
    return life
  } finally {
    clearTimeout(watchdog)
    worker.kill('SIGKILL')
  }
}

/** Reads what the process says to its end, and kills it a moment after its first acknowledgement. */
async function readLife(worker: ChildProcess): Promise<Life | undefined> {
  let found: CrashState | undefined
  let [acknowledged, acknowledgements] = [0, 0]
  if (worker.stdout === null) return undefined
  for await (const line of createInterface({ input: worker.stdout })) {
    const [word, rest = ''] = line.split(' ', 2)
    if (word === 'ready') found = parseState(rest)
    // A line that the kill cut short is no acknowledgement; its number could be too small only.
    if (word !== 'ack') continue
    acknowledged = Number(rest)
    acknowledgements += 1
    if (acknowledgements === 1) {
      setTimeout(() => worker.kill('SIGKILL'), Math.random() * killWithinMs)
    }
  }
  return found === undefined ? undefined : { found, acknowledged, acknowledgements }
}

function parseState(text: string): CrashState {
  return JSON.parse(text) as CrashState
}

/** What the system's `sqlite3` reads from a copy; undefined if there is no such program. */
function checkCopy(file: string, directory: string): CrashState | undefined {
  const copies = join(directory, 'copy')
  rmSync(copies, { recursive: true, force: true })
  mkdirSync(copies)
  const copy = join(copies, 'crash.db')
  for (const suffix of ['', '-wal', '-journal']) {
    if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix)
  }
  const shell = spawnSync('sqlite3', ['-json', copy, `PRAGMA integrity_check; ${stateQuery}`], {
    encoding: 'utf8',
  })
  if (shell.error !== undefined) return undefined
  const none = { events: Number.NaN, seq: Number.NaN, versions: Number.NaN }
  const [integrity = '', state] = shell.stdout.trim().split('\n')
  if (state === undefined) return { integrity: shell.stderr, ...none }
  const [{ integrity_check }] = JSON.parse(integrity) as [{ integrity_check: string }]
  const [row] = JSON.parse(state) as [Omit<CrashState, 'integrity'>]
  return { integrity: integrity_check, ...row }
}
