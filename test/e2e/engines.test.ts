/** Real daemons on one store, now with one engine and now with the other, each killed; and the program as it is packed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DaemonStatus } from '../../sdk/protocol/daemon.ts'
import { makePlace, type Place } from '../cli/orion-process.ts'
import { startDaemonProcess } from '../support/daemon.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const insight = { summary: 'written', domain: 'build', tags: ['ci'] }

test('each engine opens what the other left when it was killed, and misses nothing', async (t) => {
  let location: Awaited<ReturnType<typeof startDaemonProcess>>['location'] | undefined
  const written: string[] = []
  for (const [life, engine] of ['sql.js', 'sqlite-wasm'].entries()) {
    const daemon = await startDaemonProcess(t, {
      ...(location === undefined ? {} : { location }),
      env: { ORION_ENGINE: engine },
    })
    location = daemon.location
    const client = await daemon.connect()
    assert.equal((await client.call('daemon/status')).engine.name, engine)
    const { records } = await client.call('record/list', { type: 'OrionInsight' })
    assert.deepEqual(records.map(({ id }: { id: string }) => id).sort(), written)
    for (let n = 0; n < 3; n++) {
      const id = `life-${life}-${n}`
      await client.call('record/create', { type: 'OrionInsight', id, data: insight })
      written.push(id)
    }
    const first = { type: 'OrionInsight', id: 'life-0-0' }
    const { version } = await client.call('record/get', first)
    const set = { summary: `seen by ${engine}` }
    await client.call('record/update', { ...first, set, expectedVersion: version })
    daemon.kill('SIGKILL')
    assert.equal(await daemon.exited, 'SIGKILL')
    assert.ok(statSync(join(location.directory, 'store.sqlite-wal')).size > 0, 'a log is left')
  }
  const last = await (await startDaemonProcess(t, location && { location })).connect()
  const { versions } = await last.call('record/history', { type: 'OrionInsight', id: 'life-0-0' })
  assert.equal(versions.length, 3)
})

test('the built program runs the second engine if its package is there, else says how to get it', async (t) => {
  const { program, addPackage } = builtProgram(t)
  const place = makePlace(t, program)
  const data = JSON.stringify(insight)
  const created = await place.json(['create', 'OrionInsight', '--id', 'a', '--data', data])
  assert.deepEqual(await engineOf(place), 'sql.js', JSON.stringify(created))
  await place.json(['stop'])
  writeFileSync(join(place.store, 'config.json'), '{"engine":"sqlite-wasm"}')
  const refused = await place.orion(['get', 'OrionInsight', 'a'])
  assert.equal(refused.code, 6)
  assert.match(
    refused.stderr,
    /engine sqlite-wasm can't be loaded: @sqlite\.org\/sqlite-wasm is not/,
  )
  assert.match(refused.stderr, /npm install @sqlite\.org\/sqlite-wasm@3\.54\.1-build1/)
  addPackage('@sqlite.org/sqlite-wasm')
  await place.json(['update', 'OrionInsight', 'a', '--set', '{"domain":"ci"}'])
  const read = await place.orion(['get', 'OrionInsight', 'a', '--json'])
  assert.match(read.stdout, /"domain":\s*"ci"/)
  assert.equal(await engineOf(place), 'sqlite-wasm')
})

async function engineOf(place: Place): Promise<string> {
  const status = await place.json(['status'])
  return DaemonStatus.result.parse(status).engine.name
}

/** The program as a package holds it, outside of this checkout, with the packages that it does not hold itself. */
function builtProgram(t: TestContext) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'orion-built-')))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const bundler = fileURLToPath(new URL('../../scripts/bundle-program.ts', import.meta.url))
  const bundling = spawnSync(
    process.execPath,
    ['--import', 'tsx', bundler, join(directory, 'dist')],
    { cwd: root, encoding: 'utf8' },
  )
  assert.equal(bundling.status, 0, bundling.stderr)
  for (const part of ['bin', 'package.json']) {
    cpSync(join(root, part), join(directory, part), { recursive: true })
  }
  const addPackage = (name: string): void => {
    const link = join(directory, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link)
  }
  for (const name of ['sql.js', 'pino']) addPackage(name)
  return { program: join(directory, 'bin', 'orion.mjs'), addPackage }
}
