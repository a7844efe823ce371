import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WalCoalescer } from '../../../daemon/store/engine/wal-coalescer.ts'

const pageBytes = 512

test('the frames of a transaction reach the host in one write, at the commit', () => {
  const { log, host } = coalescing()
  log.write(new Uint8Array(32), 0)
  writeFrame(log, { position: 32, fill: 1, isCommit: false })
  writeFrame(log, { position: 568, fill: 2, isCommit: false })
  assert.deepEqual(host.calls, ['0+32'])
  writeFrame(log, { position: 1104, fill: 3, isCommit: true })
  assert.deepEqual(host.calls, ['0+32', `32+${3 * 536}`])
})

test('after a commit frame nothing is held back until the next frame header', () => {
  const { log, host } = coalescing()
  log.write(new Uint8Array(32), 0)
  writeFrame(log, { position: 32, fill: 1, isCommit: true })
  log.write(new Uint8Array(100), 568)
  assert.deepEqual(host.calls.slice(1), ['32+536', '568+100'])
})

test('a write elsewhere goes straight through, after what was gathered before it', () => {
  const { log, host } = coalescing()
  log.write(new Uint8Array(32), 0)
  writeFrame(log, { position: 32, fill: 1, isCommit: false })
  writeFrame(log, { position: 568, fill: 2, isCommit: false })
  log.write(header(false), 32) // Checksums rewritten after a spill.
  assert.deepEqual(host.calls.slice(1), ['32+1072', '32+24'])
})

test('more than the buffer holds is handed over in between', () => {
  const { log, host } = coalescing()
  const page = new Uint8Array(65_536)
  log.write(new Uint8Array(32), 0)
  for (let i = 0; i < 40; i += 1) log.write(page, 32 + i * page.length)
  assert.equal(host.calls.length, 1 + 2)
  log.flush()
  assert.equal(host.bytes.length, 32 + 40 * page.length)
})

test('a read sees what is gathered, laid over what the host has', () => {
  const { log, host } = coalescing()
  log.write(new Uint8Array(32).fill(9), 0)
  writeFrame(log, { position: 32, fill: 1, isCommit: false })
  const calls = host.calls.length
  const cases = [
    { position: 60, length: 100, got: 0, valid: 100, first: 1 }, // within
    { position: 28, length: 8, got: 4, valid: 8, first: 9 }, // from the host into the buffer
    { position: 560, length: 20, got: 0, valid: 8, first: 1 }, // beyond the end
    { position: 0, length: 8, got: 8, valid: 8, first: 9 }, // the host alone
    { position: 20, length: 30, got: 5, valid: 5, first: 9 }, // a hole before the buffer
    { position: 2000, length: 8, got: 0, valid: 0, first: 0 }, // nothing at all
  ]
  for (const { position, length, got, valid, first } of cases) {
    const target = new Uint8Array(length)
    target.set(host.bytes.subarray(position, position + got))
    assert.equal(log.readOver(target, position, got), valid, `${position}+${length}`)
    assert.equal(target[0], first)
  }
  assert.equal(host.calls.length, calls, 'a read writes nothing')
})

test('what the host refused is dropped, and the next transaction starts clean', () => {
  const { log, host } = coalescing()
  log.write(new Uint8Array(32), 0)
  writeFrame(log, { position: 32, fill: 1, isCommit: false })
  host.refuses = true
  assert.throws(() => writeFrame(log, { position: 568, fill: 2, isCommit: true }), /refused/)
  host.refuses = false
  writeFrame(log, { position: 32, fill: 7, isCommit: true })
  assert.equal(host.bytes.length, 568)
  assert.equal(host.bytes[60], 7)
})

function coalescing() {
  const host = { bytes: Buffer.alloc(0), calls: [] as string[], refuses: false }
  const log = new WalCoalescer((bytes, position) => {
    if (host.refuses) throw new Error('refused')
    host.calls.push(`${position}+${bytes.length}`)
    const grown = Buffer.alloc(Math.max(host.bytes.length, position + bytes.length))
    host.bytes.copy(grown)
    grown.set(bytes, position)
    host.bytes = grown
  })
  return { log, host }
}

function header(isCommit: boolean): Uint8Array {
  const bytes = new Uint8Array(24).fill(1)
  bytes.fill(0, 4, 8)
  if (isCommit) bytes[7] = 5
  return bytes
}

/** A frame as SQLite writes it: a header, then a page. */
function writeFrame(
  log: WalCoalescer,
  frame: { readonly position: number; readonly fill: number; readonly isCommit: boolean },
): void {
  log.write(header(frame.isCommit), frame.position)
  log.write(new Uint8Array(pageBytes).fill(frame.fill), frame.position + 24)
}
