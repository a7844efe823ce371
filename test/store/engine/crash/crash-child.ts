import { writeSync } from 'node:fs'
import type { Connection, SyncMode } from '../../../../daemon/store/engine/engine.ts'
import { hostErrorCode } from '../../../../daemon/store/engine/host-io.ts'
import { loadTestEngine } from '../../../support/engine.ts'
import { readState, rowCount, schema } from './crash-state.ts'

/**
 * Commits without end until it is killed: `crash-child.ts FILE full|grouped BATCH`.
 *
 * First it says what it found (`ready {…}`), then after each commit that is on disk how far it got
 * (`ack SEQ`), written straight to the descriptor so that nothing said is lost with the process.
 */
async function main(file: string, syncMode: SyncMode, batch: number): Promise<void> {
  const engine = await loadTestEngine()
  // A small cache, so that transactions spill into the log before they commit.
  const connection = engine.open(file, { syncMode, cacheKib: 80, statementsMax: 16 })
  if (syncMode === 'full') connection.exec('PRAGMA wal_autocheckpoint = 25')
  connection.exec(schema)
  await connection.sync()
  const state = readState(connection)
  say(`ready ${JSON.stringify(state)}`)
  let { seq } = state
  for (;;) {
    seq = commit(connection, seq, batch)
    if (syncMode === 'grouped') await connection.sync()
    say(`ack ${seq}`)
    if (syncMode === 'grouped' && connection.walPages() > 25) await connection.checkpoint()
  }
}

function commit(connection: Connection, seqBefore: number, batch: number): number {
  const insert = connection.prepare('INSERT INTO e (seq, id, data) VALUES (?, ?, ?)')
  const update = connection.prepare('UPDATE r SET version = version + 1, data = ? WHERE id = ?')
  connection.exec('BEGIN IMMEDIATE')
  for (let seq = seqBefore + 1; seq <= seqBefore + batch; seq += 1) {
    const id = 1 + Math.floor(Math.random() * rowCount)
    const data = (Math.random() * 1e16).toString(36).repeat(20)
    update.run([data, id])
    insert.run([seq, id, data.slice(0, 40 + Math.floor(Math.random() * 100))])
  }
  connection.exec('COMMIT')
  return seqBefore + batch
}

/** Writes a line whole, and waits where the reader is slower: the pipe does not block by itself. */
function say(line: string): void {
  let rest = Buffer.from(`${line}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if (hostErrorCode(error) !== 'EAGAIN') throw error
    }
  }
}

const [file = '', syncMode, batch] = process.argv.slice(2)
await main(file, syncMode === 'full' ? 'full' : 'grouped', Number(batch))
