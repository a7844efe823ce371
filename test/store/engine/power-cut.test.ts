import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionOptions } from '../../../daemon/store/engine/engine.ts'
import { loadTestEngine } from '../../support/engine.ts'
import { MemoryDisk } from './power-cut/memory-disk.ts'
import {
  explorePowerCuts,
  nothingYet,
  simulatedDirectory,
  withConnection,
} from './power-cut/power-cut-run.ts'
import { runPowerCuts, type WorkloadSettings } from './power-cut/power-cut-workload.ts'

const isLong = process.env.ORION_LONG === '1'

const base: WorkloadSettings = {
  syncMode: 'grouped',
  model: 'strict',
  transactions: isLong ? 40 : 20,
  seed: 12_345,
  statesPerMoment: isLong ? 12 : 5,
  everyMoments: isLong ? 1 : 3,
}

const sound: readonly Partial<WorkloadSettings>[] = [
  { syncMode: 'grouped', model: 'strict' },
  { syncMode: 'grouped', model: 'ext4' },
  { syncMode: 'full', model: 'strict' },
]
for (const settings of sound) {
  test(`no power cut loses or harms what was answered: ${JSON.stringify(settings)}`, async () => {
    const { states, problems } = await runPowerCuts({ ...base, ...settings })
    assert.ok(states > 200, `${states} states are too few`)
    assert.deepEqual(problems.slice(0, 3), [])
  })
}

const sabotages: readonly {
  readonly settings: Partial<WorkloadSettings>
  readonly finds: string
}[] = [
  { settings: { sabotage: 'no-log-sync' }, finds: 'lost' },
  { settings: { sabotage: 'no-main-sync' }, finds: 'corrupt' },
  { settings: { sabotage: 'no-directory-sync' }, finds: 'lost' },
]
for (const { settings, finds } of sabotages) {
  test(`the simulation notices ${settings.sabotage}`, async () => {
    const { problems } = await runPowerCuts({ ...base, ...settings })
    assert.ok(
      problems.some(({ kind }) => kind === finds),
      `found ${JSON.stringify(problems[0])}`,
    )
  })
}

test('a power cut leaves the backup of before or the backup of now, whole', async () => {
  const disk = new MemoryDisk(simulatedDirectory)
  const options: ConnectionOptions = { syncMode: 'grouped', cacheKib: 64, statementsMax: 8 }
  const connection = (await loadTestEngine({ io: disk })).open(
    `${simulatedDirectory}/a.db`,
    options,
  )
  connection.exec('CREATE TABLE t (v)')
  const target = `${simulatedDirectory}/copy.db`
  for (let copy = 1; copy <= 3; copy += 1) {
    connection.prepare('INSERT INTO t VALUES (hex(zeroblob(?)))').run([copy * 9000])
    await connection.backup(target, { pagesPerStep: 2 })
    disk.acknowledge(copy)
  }
  connection.close()
  const settings = { ...base, everyMoments: 1 }
  const { states, problems } = await explorePowerCuts(disk, settings, (engine, acknowledged) => {
    if (acknowledged === nothingYet) return undefined
    return withConnection(engine.open(target, { ...options, readOnly: true }), (copy) => {
      const integrity = copy.prepare('PRAGMA integrity_check').get()?.integrity_check
      const rows = Number(copy.prepare('SELECT count(*) AS n FROM t').get()?.n)
      if (integrity !== 'ok') return { kind: 'corrupt', detail: String(integrity) }
      return rows < acknowledged
        ? { kind: 'lost', detail: `${rows} of ${acknowledged}` }
        : undefined
    })
  })
  assert.ok(states > 200, `${states} states are too few`)
  assert.deepEqual(problems.slice(0, 3), [])
})
