/** Processes that are started from another process, with real ones. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { ProcessStarter } from '../../daemon/plugins/process-starter.ts'
import type { ProcessCommand, StartedProcess } from '../../daemon/plugins/started-process.ts'
import { until } from '../support/launch.ts'

function starterFor(t: TestContext): ProcessStarter {
  const starter = new ProcessStarter(20_000)
  t.after(() => starter.close())
  return starter
}

function node(script: string): ProcessCommand {
  return { command: process.execPath, args: ['-e', script], cwd: '/', env: { MARK: 'here' } }
}

async function output(started: StartedProcess) {
  const [stdout, stderr, end] = await Promise.all([
    text(started.stdout),
    text(started.stderr),
    started.ended,
  ])
  return { stdout, stderr, end }
}

test('a process has its pipes, its environment, its directory and its end', async (t) => {
  const starter = starterFor(t)
  const echo = 'process.stdin.pipe(process.stdout); console.error(process.env.MARK, process.cwd())'
  const started = await starter.start(node(echo))
  started.stdin.end('what is said\n')
  assert.deepEqual(await output(started), {
    stdout: 'what is said\n',
    stderr: 'here /\n',
    end: { code: 0, signal: null },
  })
})

test('what it prints first is not lost, however many start at once', async (t) => {
  const starter = starterFor(t)
  const shell = (word: string): ProcessCommand => ({
    command: '/bin/sh',
    args: ['-c', `echo ${word}; echo ${word} >&2; exit 7`],
    cwd: '/',
    env: {},
  })
  const words = Array.from({ length: 10 }, (_, index) => `word${index}`)
  const all = await Promise.all(words.map(async (word) => output(await starter.start(shell(word)))))
  assert.deepEqual(
    all.map(({ stdout, stderr, end }) => [stdout.trim(), stderr.trim(), end.code]),
    words.map((word) => [word, word, 7]),
  )
})

test('it is a child of the one that starts, gives way, and is ended when it is to end', async (t) => {
  const starter = starterFor(t)
  const started = await starter.start(node('setInterval(() => {}, 1000); console.log(1)'))
  const parent = parentOf(started.pid)
  if (process.platform === 'linux') {
    assert.notEqual(parent, process.pid)
    assert.equal(parentOf(parent), process.pid)
    const nice = execFileSync('ps', ['-o', 'ni=', '-p', String(started.pid)], { encoding: 'utf8' })
    assert.ok(Number(nice) >= 10, nice)
  }
  started.kill()
  assert.deepEqual(await started.ended, { code: null, signal: 'SIGKILL' })
})

test('what can’t be run says why', async (t) => {
  const starter = starterFor(t)
  const started = starter.start({ command: '/bin/sh', args: [], cwd: '/nowhere', env: {} })
  await assert.rejects(started, /ENOENT/)
  const missing = await starter.start({ command: '/nowhere/program', args: [], cwd: '/', env: {} })
  const { stderr, end } = await output(missing)
  assert.match(stderr, /not found/)
  assert.equal(end.code, 127)
})

test('when the process that starts is gone, what it started counts as ended, and the next start makes another', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const starter = starterFor(t)
  const script =
    'setInterval(() => { if (process.ppid !== Number(process.argv[1])) process.exit() }, 20)'
  const first = await starter.start(node(script))
  process.kill(parentOf(first.pid), 'SIGKILL')
  assert.deepEqual(await first.ended, {})
  await until(() => !existsSync(`/proc/${first.pid}`))
  const second = await starter.start(node(''))
  assert.equal((await output(second)).end.code, 0)
})

function parentOf(pid: number | undefined): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
