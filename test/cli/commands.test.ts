import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { VERSION } from '../../sdk/version.ts'
import { linesOf, makePlace, type Place } from './orion-process.ts'

const insight = JSON.stringify({ summary: 'cold cache', domain: 'build', tags: ['ci'] })

test('without a command the help is printed, and the version on request', async (t) => {
  const place = makePlace(t)
  const [none, help, version] = await Promise.all([
    place.orion([]),
    place.orion(['--help']),
    place.orion(['--version']),
  ])
  assert.equal(none.code, 0)
  assert.equal(none.stdout, help.stdout)
  assert.match(help.stdout, /orion run -- npm test/)
  assert.equal(version.stdout, `${VERSION}\n`)
  assert.deepEqual(place.daemons(), [])
})

test('a record is created, read, changed, listed, counted, moved and purged, and each step is told', async (t) => {
  const place = makePlace(t)
  const steps: readonly (readonly [args: readonly string[], expected: object])[] = [
    [['create', 'OrionInsight', '--id', 'a', '--data', insight], { id: 'a', version: 1 }],
    [['get', 'OrionInsight', 'a'], { id: 'a', version: 1, lifecycle: 'active' }],
    [['update', 'OrionInsight', 'a', '--set', '{"domain":"ci"}'], { version: 2, changed: true }],
    [['update', 'OrionInsight', 'a', '--set', '{"domain":"ci"}'], { version: 2, changed: false }],
    [['get', 'OrionInsight', 'a', '--version', '1'], { version: 1 }],
    [['count', 'OrionInsight', '--where', '{"domain":"ci"}'], { count: 1 }],
    [['archive', 'OrionInsight', 'a'], { version: 3 }],
    [['restore', 'OrionInsight', 'a'], { version: 4 }],
    [['delete', 'OrionInsight', 'a', '--expected-version', '4', '--reason', 'old'], { version: 5 }],
    [['count', 'OrionInsight'], { count: 0 }],
    [['count', 'OrionInsight', '--lifecycle', 'deleted,active'], { count: 1 }],
  ]
  for (const [args, expected] of steps) {
    const told = await place.json(args)
    assert.ok(typeof told === 'object' && told !== null)
    assert.deepEqual({ ...told, ...expected }, told, args.join(' '))
  }
  const where = ['--where', '{"domain":"ci","decayFactor":1}', '--verbose']
  const explained = await place.orion(['explain', 'OrionInsight', ...where])
  assert.match(explained.stdout, /^goes to the place in the index on domain.*$/m)
  assert.match(
    explained.stdout,
    /^looks at each row for decayFactor eq: decayFactor has no index$/m,
  )
  assert.match(explained.stdout, /^reads 1 of 1 rows for a page of 0$/m)
  assert.match(explained.stdout, /SEARCH r_OrionInsight USING INDEX/)
  const found = await place.orion(['search', 'cold -nothing', '--lifecycle', 'deleted'])
  assert.match(found.stdout, /^OrionInsight a .*\(deleted\)\n {2}summary: cold cache$/m)
  const hits = await place.json([
    'search',
    'cach*',
    '--type',
    'OrionInsight',
    '--lifecycle',
    'deleted',
  ])
  assert.match(
    JSON.stringify(hits),
    /"snippet":{"field":"summary","text":"cold cache","marks":\[\[5,10\]\]}/,
  )
  const history = await place.json(['history', 'OrionInsight', 'a', '--limit', '1'])
  assert.ok(typeof history === 'object' && history !== null && 'versions' in history)
  assert.ok('next' in history)
  const purged = await place.json(['purge', 'OrionInsight', 'a', '--yes'])
  assert.ok(typeof purged === 'object' && purged !== null && 'token' in purged)
  assert.equal((await place.orion(['get', 'OrionInsight', 'a'])).code, 3)
})

test('versions are compared, blamed and gone back to', async (t) => {
  const place = makePlace(t)
  const insight = ['OrionInsight', 'a']
  const data = JSON.stringify({ summary: 'cold', domain: 'build', tags: ['x', 'y'] })
  await place.json(['create', 'OrionInsight', '--id', 'a', '--data', data])
  const set = JSON.stringify({ summary: 'warm', tags: ['x', 'z'] })
  await place.json(['update', ...insight, '--set', set, '--reason', 'measured'])
  const fields = [
    { field: 'summary', before: 'cold', after: 'warm' },
    { field: 'tags', before: ['x', 'y'], after: ['x', 'z'] },
  ]
  const difference = { type: 'OrionInsight', id: 'a', from: 1, to: 2, fields }
  assert.deepEqual(await place.json(['diff', ...insight]), difference)
  assert.deepEqual(await place.json(['diff', ...insight, '1', '2']), difference)
  const shown = await place.orion(['diff', ...insight])
  assert.match(shown.stdout, /- cold\n {2}\+ warm\ntags\n {2}- y\n {2}\+ z\n/)
  const blamed = await place.orion(['blame', ...insight])
  assert.match(blamed.stdout, /^summary +warm +2 .*measured$/m)
  assert.match(blamed.stdout, /^domain +build +1 /m)
  const reverted = await place.json(['revert', ...insight, '1'])
  assert.ok(typeof reverted === 'object' && reverted !== null && 'version' in reverted)
  assert.equal(reverted.version, 3)
  const whole = { ...difference, to: 3, fields: [] }
  assert.deepEqual(await place.json(['diff', ...insight, '1']), whole)
  assert.equal((await place.orion(['diff', ...insight, '9'])).code, 3)
  assert.equal((await place.orion(['revert', ...insight, '0'])).code, 2)
})

test('what a write gives as JSON has the record, as the method answers it', async (t) => {
  const place = makePlace(t)
  const told = await place.json(['create', 'OrionInsight', '--data', '-'], { input: insight })
  assert.ok(typeof told === 'object' && told !== null && 'record' in told)
  const { record } = told
  assert.ok(typeof record === 'object' && record !== null && 'data' in record)
  assert.deepEqual(Object.keys(told).sort(), [
    'changed',
    'id',
    'record',
    'token',
    'type',
    'version',
  ])
})

test('data comes from the command line, a file or the standard input', async (t) => {
  const place = makePlace(t)
  writeFileSync(join(place.directory, 'data.json'), insight)
  const ways: readonly (readonly [argument: string, input: string])[] = [
    [insight, ''],
    ['@data.json', ''],
    ['-', insight],
  ]
  for (const [argument, input] of ways) {
    const told = await place.orion(['create', 'OrionInsight', '--data', argument], { input })
    assert.equal(told.code, 0, told.stderr)
  }
  assert.deepEqual(countOf(await place.json(['count', 'OrionInsight'])), 3)
})

test('global flags may stand before the command', async (t) => {
  const place = makePlace(t)
  const elsewhere = join(place.directory, 'elsewhere')
  const told = await place.orion(['--json', '--store', elsewhere, 'count', 'OrionInsight'])
  assert.equal(told.code, 0, told.stderr)
  assert.equal(countOf(JSON.parse(told.stdout)), 0)
  assert.match(readFileSync(join(elsewhere, '.gitignore'), 'utf8'), /\*/)
})

test('a transaction happens wholly or not at all', async (t) => {
  const place = makePlace(t)
  const create = (id: string): object => ({
    op: 'create',
    type: 'OrionInsight',
    id,
    data: JSON.parse(insight),
  })
  const told = await place.orion(['transact', '-'], {
    input: JSON.stringify([create('a'), create('b')]),
  })
  assert.equal(told.code, 0, told.stderr)
  assert.match(told.stdout, /OrionInsight a is at version 1\n.*OrionInsight b is at version 1\n/)
  const lost = await place.orion(['transact', '@t.json', '--json'], {})
  assert.equal(lost.code, 2)
  const guarded = {
    operations: [create('c')],
    guards: [{ type: 'OrionInsight', id: 'a', version: 7 }],
  }
  const conflict = await place.orion(['transact', '-', '--json'], {
    input: JSON.stringify(guarded),
  })
  assert.equal(conflict.code, 4, conflict.stderr)
  assert.equal(JSON.parse(conflict.stderr).data.reason, 'guard')
  assert.equal(countOf(await place.json(['count', 'OrionInsight'])), 2)
})

test('events are listed one a line, published, and waited for', async (t) => {
  const place = makePlace(t)
  await place.json(['create', 'OrionInsight', '--id', 'a', '--data', insight])
  await place.json(['publish', 'Build.finished', '--payload', '{"ok":true}'])
  const told = await place.orion(['events', '--json'])
  const events = told.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    events.map(({ topic, seq }) => [seq, topic]),
    [
      [1, 'OrionInsight.created'],
      [2, 'Build.finished'],
    ],
  )
  const after = await place.orion(['events', 'Build.*', '--after', events[0].token])
  assert.match(after.stdout, /Build\.finished.*\{"ok":true\}/)
  const waited = await place.orion(['wait', 'Build.*', '--after', events[0].token, '--json'])
  assert.equal(JSON.parse(waited.stdout).seq, 2)
  const late = await place.orion(['wait', 'Build.*', '--timeout', '50ms', '--json'])
  assert.equal(late.code, 7)
  assert.equal(JSON.parse(late.stderr).kind, 'timeout')
})

test('waiting with a filter passes over what does not fit', async (t) => {
  const place = makePlace(t)
  const first = await place.json(['publish', 'Test.begun'])
  assert.ok(typeof first === 'object' && first !== null && 'token' in first)
  for (const domain of ['one', 'two']) {
    const data = JSON.stringify({ summary: 's', domain })
    await place.json(['create', 'OrionInsight', '--id', domain, '--data', data])
  }
  const waited = await place.json([
    ...['wait', 'OrionInsight.*', '--after', String(first.token)],
    ...['--where', '{"domain":"two"}'],
  ])
  assert.ok(typeof waited === 'object' && waited !== null && 'id' in waited)
  assert.equal(waited.id, 'two')
})

test('the record types are listed and shown', async (t) => {
  const place = makePlace(t)
  const list = await place.orion(['types'])
  assert.match(list.stdout, /^type +records +schema +description\n/)
  assert.match(list.stdout, /OrionInsight/)
  const shown = await place.orion(['types', 'show', 'OrionInsight'])
  assert.match(shown.stdout, /confidenceScore +number 0\.\.1 +default 1/)
  assert.match(
    shown.stdout,
    /^orion create OrionInsight --data '{"summary":"summary","domain":"build"}'$/m,
  )
  const json = await place.json(['types', 'show', 'OrionInsight'])
  assert.ok(typeof json === 'object' && json !== null && 'jsonSchema' in json)
})

test('the daemon is found, looked at, backed up and stopped', async (t) => {
  const place = makePlace(t)
  const unfound = await place.orion(['status', '--json'])
  assert.equal(unfound.code, 6)
  assert.equal(JSON.parse(unfound.stderr).kind, 'disconnected')
  const endpoint = await place.json(['endpoint'])
  assert.ok(typeof endpoint === 'object' && endpoint !== null)
  assert.deepEqual(Object.keys(endpoint).sort(), [
    'instanceId',
    'pid',
    'protocol',
    'socket',
    'storeId',
    'version',
  ])
  const status = await place.orion(['status'])
  assert.match(status.stdout, /^orion .* ready {2}process \d+/)
  assert.match(status.stdout, /orion-cli/)
  const backup = await place.orion(['backup', 'copy.sqlite'])
  assert.equal(backup.code, 0, backup.stderr)
  assert.match(
    readFileSync(join(place.directory, 'copy.sqlite'), 'latin1').slice(0, 15),
    /^SQLite format 3$/,
  )
  const [pid] = place.daemons()
  const stopped = await place.orion(['stop'])
  assert.equal(stopped.stdout, `Stopped (process ${pid}).\n`)
  assert.deepEqual(place.daemons(), [])
  const again = await place.orion(['stop'])
  assert.equal(again.code, 0)
  assert.equal(again.stdout, 'No daemon was running.\n')
})

test('a reader that has seen enough ends the program quietly', async (t) => {
  const place = makePlace(t)
  await fill(place, 40)
  const child = place.start(['events', '--json', '--limit', '40'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdout?.destroy()
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
})

test('an event watcher ends quietly when its reader has gone', async (t) => {
  const place = makePlace(t)
  const child = place.start(['watch', '*', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const line = linesOf(child)
  const writing = (async () => {
    while (child.exitCode === null) await place.json(['publish', 'Test.tick'])
  })()
  await line()
  child.stdout?.destroy()
  assert.equal(await closed, 0)
  await writing
})

async function fill(place: Place, count: number): Promise<void> {
  const operations = Array.from({ length: count }, (_, index) => ({
    op: 'create',
    type: 'OrionInsight',
    data: { summary: `insight ${index} ${'x'.repeat(5_000)}`, domain: 'build' },
  }))
  await place.json(['transact', '-'], { input: JSON.stringify(operations) })
}

function countOf(told: unknown): unknown {
  return typeof told === 'object' && told !== null && 'count' in told ? told.count : undefined
}
