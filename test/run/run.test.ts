import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ended, linesOf, makePlace, until } from '../cli/orion-process.ts'
import { asRecord, type Logged, lastLog, lastResult, logs, results } from './recorded.ts'

const outcomes: readonly {
  readonly what: string
  readonly command: readonly string[]
  readonly code: number
  readonly status: string
  readonly metrics: { readonly [name: string]: unknown }
  readonly error: RegExp | undefined
}[] = [
  {
    what: 'a command that succeeds',
    command: ['sh', '-c', 'echo out; echo err >&2'],
    code: 0,
    status: 'SUCCESS',
    metrics: { exitCode: 0, stdoutBytes: 4, stderrBytes: 4 },
    error: undefined,
  },
  {
    what: 'a command that fails',
    command: ['sh', '-c', 'echo why >&2; exit 3'],
    code: 3,
    status: 'FAILURE',
    metrics: { exitCode: 3, stdoutBytes: 0, stderrBytes: 4 },
    error: /^exit code 3\nwhy$/,
  },
  {
    what: 'a command that a signal ends',
    command: ['sh', '-c', 'kill -KILL $$'],
    code: 128 + constants.signals.SIGKILL,
    status: 'BLOCKED',
    metrics: { exitCode: 137, signal: 'SIGKILL' },
    error: /^stopped by SIGKILL$/,
  },
  {
    what: 'a command that is not there',
    command: ['no-such-command-anywhere'],
    code: 127,
    status: 'BLOCKED',
    metrics: { exitCode: 127 },
    error: /command not found/,
  },
  {
    what: 'a command that can not be run',
    command: ['/'],
    code: 126,
    status: 'BLOCKED',
    metrics: { exitCode: 126 },
    error: /permission denied/,
  },
]

for (const { what, command, code, status, metrics, error } of outcomes) {
  test(`${what} is recorded as ${status}, and orion run exits with ${code}`, async (t) => {
    const place = makePlace(t)
    const told = await place.orion(['run', '--job', 'j', '--', ...command])
    assert.equal(told.code, code, told.stderr)
    const result = await lastResult(place)
    assert.equal(result.jobId, 'j')
    assert.equal(result.attempt, 1)
    assert.equal(result.status, status)
    const measured = asRecord(result.metrics)
    for (const [name, value] of Object.entries(metrics)) {
      assert.equal(measured[name], value, name)
    }
    assert.ok(Number.isInteger(measured.durationMs))
    const log = await lastLog(place)
    assert.equal(log.actionType, 'run')
    assert.equal(log.status, status)
    assert.equal(log.durationMs, measured.durationMs)
    const [program, ...args] = command
    const parameters = asRecord(log.parameters)
    assert.equal(parameters.command, program)
    assert.deepEqual(parameters.arguments, args)
    assert.equal(parameters.cwd, place.directory)
    assert.equal(parameters.runId, result.runId)
    assert.deepEqual(log.affectedIds, ['j#1'])
    if (error === undefined) assert.equal(log.error, undefined)
    else assert.match(String(log.error), error)
  })
}

test('a command that runs is seen as PENDING before its end', async (t) => {
  const place = makePlace(t)
  const child = place.start(['run', '--', 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await until(async () => (await logs(place)).length === 1)
  const [before] = await logs(place)
  assert.equal(before?.status, 'PENDING')
  child.stdin?.end()
  assert.equal((await ended(child)).code, 0)
  const [after] = await logs(place)
  assert.equal(after?.status, 'SUCCESS')
})

test('ten megabytes pass from stdin to stdout unaltered, and are counted', async (t) => {
  const place = makePlace(t)
  const bytes = randomBytes(10 * 1024 * 1024)
  const told = await place.orion(['run', '--', 'cat'], { input: bytes })
  assert.equal(told.code, 0, told.stderr)
  assert.ok(told.bytes.equals(bytes))
  assert.equal(asRecord((await lastResult(place)).metrics).stdoutBytes, bytes.length)
})

test('a command can open its output by name, as it can without orion run', async (t) => {
  const place = makePlace(t)
  const script = 'echo one > /dev/stdout; echo two | tee /dev/stderr'
  const told = await place.orion(['run', '--', 'sh', '-c', script])
  assert.equal(told.stdout, 'one\ntwo\n')
  assert.equal(told.stderr, 'two\n')
})

test('output that leads to one place keeps its order', async (t) => {
  const place = makePlace(t)
  const script = 'i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done'
  const shell = `exec "$0" "$@" 2>&1`
  const { orion, ...rest } = place
  assert.ok(orion)
  const child = spawn(
    'sh',
    ['-c', shell, process.execPath, ...argumentsOf(['run', '--', 'sh', '-c', script])],
    { env: rest.env, cwd: rest.directory, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const told = await ended(child)
  const lines = Array.from({ length: 200 }, (_, index) => `out ${index}\nerr ${index}\n`)
  assert.equal(told.stdout, lines.join(''))
  const metrics = asRecord((await lastResult(place)).metrics)
  assert.equal(metrics.outputBytes, told.bytes.length)
  assert.equal(metrics.stdoutBytes, undefined)
})

test('output comes through while the command still runs', async (t) => {
  const place = makePlace(t)
  const script = 'echo ready; read line; echo "got $line"'
  const child = place.start(['run', '--', 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const line = linesOf(child)
  assert.equal(await line(), 'ready')
  child.stdin?.write('word\n')
  assert.equal(await line(), 'got word')
})

test('a reader that has seen enough ends the command as it would without orion run', async (t) => {
  const place = makePlace(t)
  const child = place.start(['run', '--', 'yes'], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout?.once('data', () => child.stdout?.destroy())
  const code = await new Promise((resolve) => child.once('exit', resolve))
  assert.equal(code, 128 + constants.signals.SIGPIPE)
  assert.equal((await lastResult(place)).status, 'BLOCKED')
})

test('a process that the command leaves behind keeps its output, and holds nobody up', async (t) => {
  const place = makePlace(t)
  const go = join(place.directory, 'go')
  const script = `(while [ ! -e ${go} ]; do sleep 0.05; done; echo late) & echo early`
  const child = place.start(['run', '--', 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = linesOf(child)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  assert.equal(await line(), 'early')
  assert.equal(await exited, 0)
  writeFileSync(go, '')
  assert.equal(await line(), 'late')
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
  test(`${signal} reaches the command, once, and its exit code comes back`, async (t) => {
    const place = makePlace(t)
    const name = signal.slice(3)
    const script = `n=0; trap 'n=$((n+1)); echo got; ' ${name}; echo ready; while [ $n -eq 0 ]; do sleep 0.05; done; sleep 0.3; echo $n; exit 5`
    const child = place.start(['run', '--job', 'j', '--', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const line = linesOf(child)
    assert.equal(await line(), 'ready')
    child.kill(signal)
    assert.equal(await line(), 'got')
    assert.equal(await line(), '1')
    const code = await new Promise((resolve) => child.once('exit', resolve))
    assert.equal(code, 5)
    const result = await lastResult(place)
    const ends = signal !== 'SIGUSR1' && signal !== 'SIGUSR2'
    assert.equal(result.status, ends ? 'BLOCKED' : 'FAILURE')
    assert.equal(asRecord(result.metrics).signal, ends ? signal : undefined)
  })
}

test('peak memory is that of the largest process of the command', async (t) => {
  const place = makePlace(t)
  const fill = 'const b = Buffer.alloc(150e6, 1); setTimeout(() => b.length, 3000)'
  await place.orion(['run', '--', 'sh', '-c', `'${process.execPath}' -e '${fill}'; true`])
  const peak = Number(asRecord((await lastResult(place)).metrics).peakMemoryBytes)
  assert.ok(peak > 150e6 && peak < 1e9, String(peak))
})

test('artifacts are recorded with size, type and checksum, and a glob that finds none is told', async (t) => {
  const place = makePlace(t)
  mkdirSync(join(place.directory, 'out'))
  const script = 'echo "{}" > out/a.json; echo text > out/b.txt'
  const globs = ['--artifact', 'out/*.json', '--artifact', 'out/*.txt', '--artifact', 'none/*']
  const told = await place.orion(['run', ...globs, '--', 'sh', '-c', script])
  assert.equal(told.stderr, 'orion run: no file fits --artifact none/*\n')
  const { outputArtifacts } = await lastResult(place)
  const sum = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`
  assert.deepEqual(outputArtifacts, [
    {
      path: 'out/a.json',
      description: 'found by out/*.json',
      mimeType: 'application/json',
      checksum: sum('{}\n'),
      sizeBytes: 3,
    },
    {
      path: 'out/b.txt',
      description: 'found by out/*.txt',
      mimeType: 'text/plain',
      checksum: sum('text\n'),
      sizeBytes: 5,
    },
  ])
})

test('secrets are masked in what is recorded, and untouched in what passes through', async (t) => {
  const place = makePlace(t)
  const script = 'echo "token is $DEPLOY_TOKEN, not $1" >&2; exit 1'
  const command = ['sh', '-c', script, 'sh', '--password=hunter2', 'plain']
  const told = await place.orion(['run', '--', ...command], {
    env: { DEPLOY_TOKEN: 'very-secret-value', ORION_MASK: '/pl..n/' },
  })
  assert.equal(told.stderr, 'token is very-secret-value, not --password=hunter2\n')
  const all = JSON.stringify([await lastLog(place), await lastResult(place)])
  for (const secret of ['very-secret-value', 'hunter2', 'plain']) {
    assert.ok(!all.includes(secret), secret)
  }
  assert.match(String((await lastLog(place)).error), /^exit code 1\ntoken is \*\*\*, not /)
})

test('a run inside a run belongs to its trace and names it as its cause', async (t) => {
  const place = makePlace(t)
  const go = join(place.directory, 'go')
  const inner = argumentsOf(['run', '--job', 'inner', '--', 'true'])
  const words = [process.execPath, ...inner].map((word) => `'${word}'`).join(' ')
  const script = `while [ ! -e ${go} ]; do sleep 0.05; done; exec ${words}`
  const child = place.start(['run', '--job', 'outer', '--', 'sh', '-c', script])
  // The outer record has to be there before the inner one can point to it.
  await until(async () => (await logs(place)).length === 1)
  writeFileSync(go, '')
  assert.equal((await ended(child)).code, 0)
  const byJob = new Map<unknown, Logged>()
  for (const log of await logs(place)) byJob.set(asRecord(log.parameters).jobId, log)
  const [outer, nested] = [byJob.get('outer'), byJob.get('inner')]
  assert.ok(outer && nested)
  assert.equal(nested.traceId, outer.traceId)
  assert.equal(asRecord(nested.parameters).parent, outer.id)
  assert.equal(asRecord(outer.parameters).parent, undefined)
  const { stdout } = await place.orion(['events', 'OrionActionLog.created', '--json'])
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const [first, second] = events
  assert.equal(first.id, outer.id)
  assert.equal(second.id, nested.id)
  assert.equal(second.cause, first.token)
})

test('the next run of a job is its next attempt', async (t) => {
  const place = makePlace(t)
  for (let attempt = 1; attempt <= 3; attempt++) {
    await place.orion(['run', '--', 'sh', '-c', 'exit 0'])
    const result = await lastResult(place)
    assert.equal(result.attempt, attempt)
    assert.equal(result.jobId, "sh -c 'exit 0'")
  }
  assert.equal((await results(place)).length, 3)
})

test('words behind the command are its own, also without --', async (t) => {
  const place = makePlace(t)
  const told = await place.orion(['run', 'sh', '-c', 'echo "$@"', 'sh', '--json', '--help', '--'])
  assert.equal(told.stdout, '--json --help --\n')
  assert.ok(existsSync(place.store))
  assert.ok(readFileSync(join(place.store, '.gitignore'), 'utf8').includes('*'))
})

function argumentsOf(args: readonly string[]): string[] {
  return [new URL('../../bin/orion.mjs', import.meta.url).pathname, ...args]
}
