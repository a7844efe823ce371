/**
 * Tortures the built daemon: programs write and listen while it is killed, its disk fails, its power goes, its clock jumps
 * and another one takes over; and after each life what lies on disk is held against what every program was told.
 *
 *   npm run torture -- [--short] [--kills N] [--hours H] [--seed N] [--fault NAME] [--lives N] [--life MS]
 *
 * `--fault` plants one of the faults of planting/faults.ts into a copy of the program: then the run has to find something.
 * Ends with 1 when anything was found, and leaves its folder to be looked at.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { explorePower, type PowerReport } from '../test/torture/power-phase.ts'
import { runTorture } from '../test/torture/torture-run.ts'
import { parseFault } from './planting/faults.ts'
import { plantFault } from './planting/planted-program.ts'

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    kills: { type: 'string' },
    hours: { type: 'string' },
    seed: { type: 'string' },
    fault: { type: 'string' },
    /** How many daemons one store sees, and how long each may serve, in milliseconds. */
    lives: { type: 'string', default: '25' },
    life: { type: 'string' },
  },
})
const seed = wholeNumber('seed', values.seed ?? `${Date.now() % 1_000_000}`)
const kills = wholeNumber('kills', values.kills ?? (values.short ? '60' : '1000'))
const livesPerStore = wholeNumber('lives', values.lives)
// Long enough in the long form for some hundred writes between two kills.
const lifeMaxMs = wholeNumber('life', values.life ?? (values.short ? '1500' : '9000'))
const hours = Number(values.hours ?? Number.POSITIVE_INFINITY)
if (!(hours > 0)) throw new Error(`expected --hours to be more than 0, got ${values.hours}`)
const fault = values.fault === undefined ? undefined : parseFault(values.fault)

const directory = mkdtempSync(join(tmpdir(), 'orion-t-'))
const startedMs = performance.now()
console.log(JSON.stringify({ seed, kills, fault, directory }))
const program =
  fault === undefined
    ? fileURLToPath(new URL('../bin/orion.mjs', import.meta.url))
    : await plantFault(fault, directory)

// What is planted is in the daemon: the engine alone is as it was.
const power: PowerReport =
  fault === undefined ? await explorePower(seed, values.short) : { states: 0, problems: [] }
const run = join(directory, 'run')
mkdirSync(run)
let toldAtMs = 0
const report = await runTorture({
  ...{ directory: run, program, seed, kills, livesPerStore, lifeMaxMs },
  forMs: hours * 3_600_000,
  onLife: (soFar) => {
    if (performance.now() - toldAtMs < 10_000) return
    toldAtMs = performance.now()
    console.log(JSON.stringify(soFar.totals))
  },
})
const findings = [...power.problems, ...report.findings]
const minutes = Math.round((performance.now() - startedMs) / 6_000) / 10
const totals = { ...report.totals, 'states after simulated power cuts': power.states }
const told = { seed, fault, minutes, totals, findings: findings.slice(0, 20) }
console.log(JSON.stringify(told, undefined, 2))
if (findings.length === 0) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
else {
  writeFileSync(
    join(directory, 'findings.json'),
    JSON.stringify({ ...told, findings }, undefined, 2),
  )
  console.log(`${findings.length} findings; everything is left in ${directory}`)
  process.exitCode = 1
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new Error(`expected a whole number after --${name}, got ${text}`)
}
