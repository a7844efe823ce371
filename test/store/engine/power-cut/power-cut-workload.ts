import type { Connection, Engine, SyncMode } from '../../../../daemon/store/engine/engine.ts'
import type { HostIo } from '../../../../daemon/store/engine/host-io.ts'
import { loadTestEngine } from '../../../support/engine.ts'
import { MemoryDisk } from './memory-disk.ts'
import {
  type ExplorationSettings,
  explorePowerCuts,
  type Finding,
  nothingYet,
  type PowerCutReport,
  simulatedDirectory,
  withConnection,
} from './power-cut-run.ts'

const path = `${simulatedDirectory}/test.db`
const rowCount = 40

/**
 * Commits transactions as the store does, with checkpoints and one reopening in between, and cuts
 * the power at any moment from the making of the file on.
 */
export async function runPowerCuts(settings: WorkloadSettings): Promise<PowerCutReport> {
  const disk = await record(settings)
  return explorePowerCuts(disk, settings, (engine, acknowledged) =>
    withConnection(openHere(engine, 'grouped'), (connection) =>
      findingOf(connection, acknowledged),
    ),
  )
}

/** What to run, and how to cut. */
export interface WorkloadSettings extends ExplorationSettings {
  /** Answered after `COMMIT` itself, or after the sync that follows it while the next commit is under way. */
  readonly syncMode: Exclude<SyncMode, 'off'>
  readonly transactions: number
  /** Takes a safeguard away, to see that the simulation notices. */
  readonly sabotage?: 'no-log-sync' | 'no-main-sync' | 'no-directory-sync'
}

async function record({ syncMode, transactions, sabotage }: WorkloadSettings): Promise<MemoryDisk> {
  const disk = new MemoryDisk(simulatedDirectory)
  const engine = await loadTestEngine({ io: sabotaged(disk, sabotage) })
  const open = (): Connection => openHere(engine, syncMode)
  let connection = open()
  await connection.sync()
  connection.exec(schema)
  await connection.sync()
  disk.acknowledge(0)
  const unanswered: Promise<void>[] = []
  let seq = 0
  for (let turn = 0; turn < transactions; turn += 1) {
    seq = commitOne(connection, turn, seq)
    const committed = seq
    // The next transaction is committed while this one is still on its way to the disk.
    if (syncMode === 'full') disk.acknowledge(committed)
    else unanswered.push(connection.sync().then(() => disk.acknowledge(committed)))
    if (turn % 3 === 2) {
      await Promise.all(unanswered.splice(0))
      await connection.checkpoint()
    }
    if (turn === Math.floor(transactions * 0.6)) {
      connection.close()
      connection = open()
    }
  }
  await Promise.all(unanswered)
  connection.close()
  return disk
}

const schema = `
  CREATE TABLE r (id INTEGER PRIMARY KEY, version INTEGER, data TEXT);
  CREATE INDEX r_version ON r (version, id);
  CREATE TABLE e (seq INTEGER PRIMARY KEY, id INTEGER, data TEXT);
  BEGIN;
  INSERT INTO r WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${rowCount})
    SELECT i, 0, hex(zeroblob(150)) FROM s;
  COMMIT`

/** Changes one to four rows, each with an event, and now and then all of them: more than the cache holds. */
function commitOne(connection: Connection, turn: number, seqBefore: number): number {
  let seq = seqBefore
  connection.exec('BEGIN IMMEDIATE')
  const update = connection.prepare('UPDATE r SET version = version + 1, data = ? WHERE id = ?')
  const insert = connection.prepare('INSERT INTO e VALUES (?, ?, ?)')
  for (let i = 0; i <= turn % 4; i += 1) {
    seq += 1
    const id = 1 + ((seq * 7) % rowCount)
    update.run([String(seq).repeat(50 + ((seq * 37) % 200)), id])
    insert.run([seq, id, String(seq).repeat(25 + ((seq * 91) % 450))])
  }
  if (turn % 9 === 8) connection.exec('UPDATE r SET data = data || 1')
  connection.exec('COMMIT')
  return seq
}

function openHere(engine: Engine, syncMode: SyncMode): Connection {
  const connection = engine.open(path, { syncMode, cacheKib: 40, statementsMax: 8 })
  if (syncMode === 'full') connection.exec('PRAGMA wal_autocheckpoint = 12')
  return connection
}

function sabotaged(disk: MemoryDisk, sabotage: WorkloadSettings['sabotage']): HostIo {
  if (sabotage === undefined) return disk
  const descriptors = new Map<number, string>()
  const spares = (fd: number): boolean => {
    const name = descriptors.get(fd) ?? ''
    if (name === simulatedDirectory) return sabotage === 'no-directory-sync'
    return sabotage === (name === path ? 'no-main-sync' : 'no-log-sync')
  }
  const changes: Partial<HostIo> = {
    open(name, flags) {
      const fd = disk.open(name, flags)
      descriptors.set(fd, name)
      return fd
    },
    sync: (fd) => (spares(fd) ? undefined : disk.sync(fd)),
    syncDataAsync: async (fd) => (spares(fd) ? undefined : disk.syncDataAsync(fd)),
  }
  return new Proxy<HostIo>(disk, {
    get(target, name: keyof HostIo) {
      const changed = changes[name]
      return changed ?? target[name].bind(target)
    },
  })
}

function findingOf(connection: Connection, acknowledged: number): Finding | undefined {
  const integrity = connection.prepare('PRAGMA integrity_check').get()?.integrity_check
  if (integrity !== 'ok') return { kind: 'corrupt', detail: String(integrity) }
  const tables = "SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('r', 'e', 'r_version')"
  const found = Number(connection.prepare(tables).get()?.n)
  if (found < 3) {
    if (acknowledged === nothingYet) return undefined
    return { kind: 'lost', detail: `${found} of 3 tables` }
  }
  const sums = `SELECT (SELECT count(*) FROM e) AS events,
    (SELECT coalesce(max(seq), 0) FROM e) AS seq, coalesce(sum(version), 0) AS versions,
    count(*) AS rows FROM r`
  const { events, seq, versions, rows } = connection.prepare(sums).get() ?? {}
  const detail = JSON.stringify({ events, seq, versions, rows, acknowledged })
  if (events !== seq || versions !== seq) return { kind: 'corrupt', detail }
  if (Number(seq) < acknowledged) return { kind: 'lost', detail }
  if (rows !== rowCount && acknowledged !== nothingYet) return { kind: 'lost', detail }
  return undefined
}
