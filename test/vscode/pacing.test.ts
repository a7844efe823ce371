/** What bounds the work of the extension: refreshes, pages, notices; and where the program is looked for. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  failuresToTell,
  failureText,
  NoticeGate,
} from '../../plugins/vscode/src/model/failure-notices.ts'
import { type JobRun, jobsOf } from '../../plugins/vscode/src/model/job-board.ts'
import {
  environmentForDaemon,
  findDaemonCommand,
} from '../../plugins/vscode/src/model/orion-program.ts'
import { PagedList } from '../../plugins/vscode/src/model/paged-list.ts'
import { ProgramMissing, problemOf } from '../../plugins/vscode/src/model/problem.ts'
import {
  RefreshScheduler,
  type SchedulerClock,
} from '../../plugins/vscode/src/model/refresh-scheduler.ts'
import { storePlaces } from '../../plugins/vscode/src/model/store-places.ts'
import { OrionError } from '../../sdk/errors.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'

test('ten thousand wishes in ten seconds are at most two refreshes a second', async () => {
  const clock = new HandClock()
  let refreshes = 0
  const scheduler = new RefreshScheduler(
    async () => {
      refreshes++
    },
    { intervalMs: 500, onError: (error) => assert.fail(String(error)) },
    clock,
  )
  scheduler.request()
  assert.equal(refreshes, 1, 'the first one is at once')
  for (let ms = 0; ms < 10_000; ms++) {
    scheduler.request()
    await clock.advance(1)
  }
  await clock.advance(1_000)
  assert.ok(refreshes >= 15 && refreshes <= 22, `${refreshes} refreshes`)
  const before = refreshes
  await clock.advance(60_000)
  assert.equal(refreshes, before, 'nothing is refreshed that nobody wished for')
})

test('a refresh never begins while one runs, and rests longer after a slow one', async () => {
  const clock = new HandClock()
  const ends: (() => void)[] = []
  const scheduler = new RefreshScheduler(
    () => new Promise<void>((resolve) => void ends.push(resolve)),
    { intervalMs: 100, onError: (error) => assert.fail(String(error)) },
    clock,
  )
  scheduler.request()
  for (let i = 0; i < 50; i++) {
    scheduler.request()
    await clock.advance(20)
  }
  assert.equal(ends.length, 1)
  ends[0]?.() // It has taken a second: four seconds of rest.
  await clock.advance(3_900)
  assert.equal(ends.length, 1)
  await clock.advance(200)
  assert.equal(ends.length, 2)
  scheduler.dispose()
})

test('nothing is refreshed while nobody looks, and once when somebody does', async () => {
  const clock = new HandClock()
  let refreshes = 0
  const scheduler = new RefreshScheduler(
    async () => {
      refreshes++
    },
    { intervalMs: 100, onError: (error) => assert.fail(String(error)) },
    clock,
  )
  scheduler.pause(true)
  for (let i = 0; i < 100; i++) scheduler.request()
  await clock.advance(5_000)
  assert.equal(refreshes, 0)
  scheduler.pause(false)
  assert.equal(refreshes, 1)
})

test('a refresh that fails is told, and the next one is tried', async () => {
  const clock = new HandClock()
  const told: unknown[] = []
  let refreshes = 0
  const scheduler = new RefreshScheduler(
    async () => {
      refreshes++
      throw new Error('gone')
    },
    { intervalMs: 100, onError: (error) => told.push(error) },
    clock,
  )
  scheduler.request()
  await clock.advance(150)
  scheduler.request()
  await clock.advance(150)
  assert.deepEqual([refreshes, told.length], [2, 2])
})

test('a list of 100,000 rows reads what is looked at, and says when to search', async () => {
  let read = 0
  const list = new PagedList<number>(
    async ({ limit, after = '0' }) => {
      read += limit
      const from = Number(after)
      const items = [...Array(limit).keys()].map((n) => from + n)
      return { items, next: from + limit < 100_000 ? String(from + limit) : undefined }
    },
    { pageSize: 100 },
  )
  await list.load()
  assert.deepEqual([list.items.length, list.more, read], [100, 'page', 100])
  list.wantMore()
  await list.load()
  assert.deepEqual([list.items.length, list.items.at(-1), read], [200, 199, 300])
  while (list.more === 'page') {
    list.wantMore()
    await list.load()
  }
  assert.deepEqual([list.items.length, list.more], [2_000, 'too many'])
})

test('a page that can not be read leaves what was there', async () => {
  let fails = false
  const list = new PagedList<string>(
    async () => {
      if (fails) throw new Error('gone')
      return { items: ['a'] }
    },
    { pageSize: 10 },
  )
  await list.load()
  fails = true
  await assert.rejects(list.load(), /gone/)
  assert.deepEqual([list.items, list.more], [['a'], 'none'])
})

test('a hundred failures are one notice, and those that follow wait', () => {
  const gate = new NoticeGate<number>(50)
  gate.add([...Array(80).keys()])
  assert.equal(gate.waitMs(0, 30_000), 0)
  const { items, dropped } = gate.take(0)
  assert.deepEqual([items.length, dropped], [50, 30])
  gate.add([1])
  assert.equal(gate.waitMs(1_000, 30_000), 29_000)
  assert.equal(gate.waitMs(30_000, 30_000), 0)
})

test('a job that goes on failing is told once, and each time by who wishes it', () => {
  const runs = [run('t', 3, 'FAILURE'), run('t', 2, 'FAILURE'), run('t', 1, 'SUCCESS')]
  const told = (
    fresh: readonly JobRun[],
    failures: 'failing' | 'every' | 'off',
    jobs: string[] = [],
  ) => failuresToTell(fresh, jobsOf(runs), { failures, jobs }).length
  assert.equal(told(runs.slice(0, 1), 'failing'), 0, 'it failed before')
  assert.equal(told(runs.slice(0, 2), 'failing'), 1, 'it began to fail among the fresh ones')
  assert.equal(told(runs.slice(0, 1), 'every'), 1)
  assert.equal(told(runs.slice(0, 2), 'off'), 0)
  assert.equal(told(runs.slice(0, 2), 'every', ['x*', '*t']), 1)
  assert.equal(told(runs.slice(0, 2), 'every', ['x*', 'tt']), 0)
})

test('a job that has recovered is not told of', () => {
  const runs = [run('t', 3, 'SUCCESS'), run('t', 2, 'FAILURE')]
  assert.deepEqual(failuresToTell(runs.slice(1), jobsOf(runs), { failures: 'every', jobs: [] }), [])
})

test('a notice names three jobs and counts the others', () => {
  const runs = ['a', 'b', '[c](command:x)', 'd', 'e'].map((job) => run(job, 1, 'FAILURE'))
  assert.equal(failureText(runs), '5 jobs failed: a, b, [c] (command:x), 2 more.')
  assert.equal(failureText(runs.slice(0, 1), 'app'), 'app: a failed (2) after 1.5 s.')
})

test('a job is flaky when one run went both ways, or its outcome keeps changing', () => {
  const retried = [run('r', 2, 'SUCCESS', 'x'), run('r', 1, 'FAILURE', 'x')]
  const changing = [4, 3, 2, 1].map((n) => run('c', n, n % 2 === 0 ? 'SUCCESS' : 'FAILURE'))
  const mended = [run('m', 3, 'SUCCESS'), run('m', 2, 'FAILURE'), run('m', 1, 'SUCCESS')]
  const broken = [run('b', 2, 'FAILURE'), run('b', 1, 'SUCCESS')]
  const flaky = jobsOf([...retried, ...changing, ...mended, ...broken]).filter(
    ({ isFlaky }) => isFlaky,
  )
  assert.deepEqual(
    flaky.map(({ jobId }) => jobId),
    ['r', 'c'],
  )
})

test('the program is the one that was named, else of the folder, else of the path', (t) => {
  const root = temporary(t)
  const folder = join(root, 'repo/packages/a')
  const onPath = programAt(join(root, 'bin/orion'))
  const node = programAt(join(root, 'bin/node'))
  const env = { PATH: `.:${join(root, 'bin')}` }
  mkdirSync(join(root, 'repo/.git'), { recursive: true })
  mkdirSync(folder, { recursive: true })
  const found = (named = '') => findDaemonCommand({ named, folder, env, platform: 'linux' })
  assert.deepEqual(found(), { command: onPath, args: ['serve'] })
  const own = programAt(join(root, 'repo/node_modules/orion/bin/orion.mjs'))
  assert.deepEqual(found(), { command: node, args: [own, 'serve'] })
  assert.deepEqual(found(onPath), { command: onPath, args: ['serve'] })
  const link = join(root, 'bin/linked')
  symlinkSync(own, link)
  assert.deepEqual(found(link), { command: node, args: [own, 'serve'] })
  assert.throws(() => found(join(root, 'nothing')), ProgramMissing)
})

test('beyond the repository, and in relative parts of the path, no program is looked for', (t) => {
  const root = temporary(t)
  const folder = join(root, 'repo')
  mkdirSync(join(folder, '.git'), { recursive: true })
  programAt(join(root, 'node_modules/orion/bin/orion.mjs'))
  programAt(join(folder, 'orion'))
  const search = { named: '', folder, env: { PATH: '.::bin' }, platform: 'linux' } as const
  assert.throws(() => findDaemonCommand(search), ProgramMissing)
  const { kind, remedy } = problemOf(new ProgramMissing('here'))
  assert.equal(kind, 'no program')
  assert.match(remedy, /orion\.program/)
})

test('a store that a newer Orion has written is told from one that is damaged', () => {
  const failed = (remedy: string) =>
    problemOf(new OrionError('storage_failed', 'no', { remedy })).kind
  assert.equal(failed('Use Orion 9.1 or newer. Nothing in the store was touched.'), 'newer store')
  assert.equal(failed('run `orion doctor --repair`'), 'no daemon')
  const { kind, message } = problemOf(
    new LaunchError('start_failed', 'spawn ENOENT', { remedy: '' }),
  )
  assert.deepEqual([kind, message], ['no program', 'Spawn ENOENT.'])
})

test('a daemon gets nothing that the editor meant for itself', () => {
  const env = { ELECTRON_RUN_AS_NODE: '1', VSCODE_PID: '1', CODE_SERVER_X: '1', HOME: '/h' }
  assert.deepEqual(environmentForDaemon(env), { HOME: '/h' })
})

test('folders of one repository share a store, and a folder without one has a place for it', (t) => {
  const root = temporary(t)
  for (const path of ['one/.git', 'one/a', 'one/b', 'one/.orion', 'two/.git']) {
    mkdirSync(join(root, path), { recursive: true })
    if (path.endsWith('.git')) writeFileSync(join(root, path, 'HEAD'), 'ref: refs/heads/main\n')
    if (path.endsWith('.git'))
      for (const part of ['objects', 'refs']) mkdirSync(join(root, path, part))
  }
  const folders = ['one/a', 'one/b', 'two'].map((path) => ({
    path: join(root, path),
    name: path,
    store: '',
  }))
  const { places, problems } = storePlaces(folders, {})
  assert.deepEqual(
    places.map(({ name, exists }) => [name, exists]),
    [
      ['one/a', true],
      ['two', false],
    ],
  )
  assert.deepEqual(problems, [])
  const named = storePlaces([{ path: join(root, 'two'), name: 'two', store: '../one' }], {})
  assert.match(named.problems[0]?.message ?? '', /git checkout/)
})

function run(jobId: string, attempt: number, status: string, runId = `${jobId}${attempt}`): JobRun {
  const endedAt = `2026-01-01T00:00:0${attempt}.000000Z`
  const id = `${jobId}#${attempt}`
  const exitCode = status === 'FAILURE' ? 2 : 0
  return { id, version: 1, jobId, runId, attempt, status, endedAt, durationMs: 1_500, exitCode }
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'orion-vscode-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function programAt(path: string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o755)
  return path
}

/** A clock that a test moves; what is due is called in its order, and what it waits for has its turn. */
class HandClock implements SchedulerClock {
  #now = 0
  readonly #timers = new Map<() => void, number>()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    this.#timers.set(callback, this.#now + ms)
    return () => this.#timers.delete(callback)
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a - b)
      if (next === undefined || next[1] > end) break
      this.#now = next[1]
      this.#timers.delete(next[0])
      next[0]()
      await settled()
    }
    this.#now = end
    await settled()
  }
}

/** Lets everything go on that waits for nothing but promises. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}
