/** `orion run` and the store: in process, in parallel, broken, slow. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { acquireOwnerLock } from '../../sdk/launch/owner-lock.ts'
import { ended, makePlace, program, until } from '../cli/orion-process.ts'
import { asRecord, logs, results } from './recorded.ts'

const runs = process.env.ORION_LONG === '1' ? 50 : 12

test('in CI without a daemon a run is recorded in process, and starts no daemon', async (t) => {
  const place = makePlace(t)
  const told = await place.orion(['run', '--job', 'j', '--', 'sh', '-c', 'exit 4'], {
    env: { CI: '1' },
  })
  assert.equal(told.code, 4, told.stderr)
  assert.equal(told.stderr, '')
  assert.deepEqual(place.daemons(), [])
  const [result] = await results(place)
  assert.equal(result?.status, 'FAILURE')
})

test('in CI a run joins the daemon that runs', async (t) => {
  const place = makePlace(t)
  await place.json(['endpoint'])
  const told = await place.orion(['run', '--', 'true'], { env: { CI: 'true' } })
  assert.equal(told.code, 0)
  assert.equal(told.stderr, '')
  assert.equal((await results(place)).length, 1)
})

test('CI=false is no CI', async (t) => {
  const place = makePlace(t)
  await place.orion(['run', '--', 'true'], { env: { CI: 'false' } })
  assert.equal(place.daemons().length, 1)
})

test('the store is free while the command of a run in process runs', async (t) => {
  const place = makePlace(t)
  const child = place.start(['run', '--job', 'j', '--', 'cat'], {
    env: { ...place.env, CI: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  // The start has been written once the log file holds something and the lock is free again.
  await until(() => hasRecord(place.store, 'PENDING'))
  const lock = await acquireOwnerLock(join(place.store, 'owner.lock'), { waitMs: 60_000 })
  assert.ok(lock, 'expected the lock to be free while the command runs')
  lock.release()
  child.stdin?.end()
  assert.equal((await ended(child)).code, 0)
  assert.deepEqual(
    (await logs(place)).map(({ status }) => status),
    ['SUCCESS'],
  )
})

for (const [where, env] of [
  ['with a daemon', {}],
  ['in process', { CI: '1' }],
] as const) {
  test(`${runs} runs of one job at a time ${where} are all recorded, each with an attempt of its own`, async (t) => {
    const place = makePlace(t)
    const told = await Promise.all(
      Array.from({ length: runs }, (_, index) =>
        place.orion(['run', '--job', 'j', '--', 'sh', '-c', `echo ${index}; exit ${index % 3}`], {
          env,
        }),
      ),
    )
    for (const [index, { code, stdout, stderr }] of told.entries()) {
      assert.equal(stderr, '')
      assert.equal(stdout, `${index}\n`)
      assert.equal(code, index % 3)
    }
    const written = await results(place)
    const attempts = written.map(({ attempt }) => Number(attempt)).sort((a, b) => a - b)
    assert.deepEqual(
      attempts,
      Array.from({ length: runs }, (_, index) => index + 1),
    )
    assert.equal(new Set(written.map(({ runId }) => runId)).size, runs)
    const ends = await logs(place)
    assert.equal(ends.length, runs)
    assert.ok(ends.every(({ status }) => status !== 'PENDING'))
  })
}

test('runs inside runs work in process too', async (t) => {
  const place = makePlace(t)
  const inner = [process.execPath, program, 'run', '--job', 'inner', '--', 'sh', '-c', 'exit 6']
  const middle = [process.execPath, program, 'run', '--job', 'middle', '--', ...inner]
  const told = await place.orion(['run', '--job', 'outer', '--', ...middle], { env: { CI: '1' } })
  assert.equal(told.code, 6)
  assert.equal(told.stderr, '')
  const written = await logs(place)
  assert.equal(written.length, 3)
  assert.equal(new Set(written.map(({ traceId }) => traceId)).size, 1)
  assert.deepEqual(
    (await results(place)).map(({ jobId, status }) => [jobId, status]),
    [
      ['inner', 'FAILURE'],
      ['middle', 'FAILURE'],
      ['outer', 'FAILURE'],
    ],
  )
})

test('what a run in another store starts is recorded there too', async (t) => {
  const place = makePlace(t)
  const inner = [process.execPath, program, 'run', '--job', 'inner', '--', 'true']
  const told = await place.orion(['run', '--store', 'other', '--job', 'outer', '--', ...inner])
  assert.equal(told.code, 0, told.stderr)
  const count = asRecord(await place.json(['count', 'JobResult', '--store', 'other']))
  assert.equal(count.count, 2)
})

const broken: readonly {
  readonly what: string
  readonly spoil: (directory: string) => void
  readonly store: string
  readonly says: RegExp
}[] = [
  {
    what: 'that is a file',
    spoil: (directory) => writeFileSync(join(directory, 'file'), ''),
    store: 'file',
    says: /^orion run: not recorded: expected .*file.* to be a directory/,
  },
  {
    what: 'whose database is none',
    spoil: (directory) => {
      writeFileSync(join(directory, '.orion', 'store.sqlite'), 'this is no database\n'.repeat(500))
    },
    store: '.orion',
    says: /^orion run: not recorded: .+/,
  },
]

for (const { what, spoil, store, says } of broken) {
  for (const env of [{}, { CI: '1' }]) {
    const where = 'CI' in env ? 'in process' : 'with a daemon'
    test(`a store ${what} changes nothing about the command, and is told in one line, ${where}`, async (t) => {
      const place = makePlace(t)
      spoil(place.directory)
      const script = 'echo out; echo err >&2; exit 9'
      const told = await place.orion(['run', '--store', store, '--', 'sh', '-c', script], { env })
      assert.equal(told.code, 9)
      assert.equal(told.stdout, 'out\n')
      const [first, second, ...rest] = told.stderr.split('\n')
      assert.equal(first, 'err')
      assert.match(second ?? '', says)
      assert.deepEqual(rest, [''])
    })
  }
}

test('a daemon that does not answer delays the end by no more than the deadline', async (t) => {
  const place = makePlace(t)
  const { pid } = asRecord(await place.json(['endpoint']))
  process.kill(Number(pid), 'SIGSTOP')
  const told = await place.orion(['run', '--', 'sh', '-c', 'echo out; exit 8'], {
    env: { ORION_RUN_DEADLINE: '500ms' },
  })
  process.kill(Number(pid), 'SIGCONT')
  assert.equal(told.code, 8)
  assert.equal(told.stdout, 'out\n')
  assert.match(told.stderr, /^orion run: not recorded: .*answer.*\n$/)
})

test('a signal after the end of the command ends the wait for the store', async (t) => {
  const place = makePlace(t)
  const { pid } = asRecord(await place.json(['endpoint']))
  process.kill(Number(pid), 'SIGSTOP')
  const child = spawn(process.execPath, [program, 'run', '--', 'sh', '-c', 'echo out; exit 8'], {
    env: { ...place.env, ORION_RUN_DEADLINE: '10m' },
    cwd: place.directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const told = ended(child)
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  const again = setInterval(() => child.kill('SIGTERM'), 200)
  const { code, stderr } = await told
  clearInterval(again)
  process.kill(Number(pid), 'SIGCONT')
  assert.ok(code === 8 || code === 143, String(code))
  assert.match(stderr, /^orion run: not recorded: a signal asked to end at once\n$/)
})

/** Whether the files of a store hold a text; good enough to know that it was written. */
function hasRecord(store: string, text: string): boolean {
  return ['store.sqlite', 'store.sqlite-wal'].some((name) => {
    try {
      return readFileSync(join(store, name), 'latin1').includes(text)
    } catch {
      return false
    }
  })
}
