/** The demonstration itself: every claim is checked, a broken one fails it, and nothing is left behind. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the demonstration proves every claim and leaves nothing behind', async (t) => {
  const demo = startDemo(t)
  assert.equal(await demo.exitCode, 0, demo.shown())
  assert.deepEqual(demo.marks(), Array(12).fill('✓'))
  assert.match(demo.shown(), /12 of 12 claims hold/)
  assert.ok(!demo.shown().includes('\u001b'), 'plain text where there is no terminal')
  assertNothingLeft(demo)
})

test('a demonstration whose tests can’t be run fails, and says which claim does not hold', async (t) => {
  // There is no npm on this path, so `orion run` has nothing to run.
  const demo = startDemo(t, { PATH: '/nonexistent' })
  assert.equal(await demo.exitCode, 1, demo.shown())
  assert.deepEqual(demo.marks(), ['✓', '✗', ...Array(10).fill('✓')])
  assert.match(demo.shown(), /not so: tests that ran/)
  assert.match(demo.shown(), /11 of 12 claims hold/)
  assertNothingLeft(demo)
})

test('a demonstration that is stopped in the middle says so and leaves nothing behind', async (t) => {
  const demo = startDemo(t)
  await demo.until('OrionActionLog.created')
  demo.child.kill('SIGINT')
  assert.equal(await demo.exitCode, 130, demo.shown())
  assert.match(demo.shown(), /Stopped by SIGINT/)
  assertNothingLeft(demo)
})

interface Demo {
  readonly child: ChildProcess
  readonly exitCode: Promise<number | null>
  /** What it has printed, errors included. */
  shown(): string
  /** The mark of each claim, in order. */
  marks(): string[]
  /** Waits until it has printed a text. */
  until(text: string): Promise<void>
}

function startDemo(t: TestContext, env: NodeJS.ProcessEnv = {}): Demo {
  const args = ['--import', import.meta.resolve('tsx'), 'scripts/demo.ts']
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  let wake = (): void => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more
      wake()
    })
  }
  const exitCode = once(child, 'close').then(([code]) => {
    wake()
    return code
  })
  t.after(async () => {
    child.kill('SIGTERM')
    await exitCode
  })
  return {
    child,
    exitCode,
    shown: () => text,
    marks: () => [...text.matchAll(/^ ([✓✗]) +\d+ {2}/gm)].map(([, mark = '']) => mark),
    until: async (wanted) => {
      while (!text.includes(wanted)) {
        assert.equal(child.exitCode, null, text)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

/** No process has its place on the command line any more, and the place is gone. */
function assertNothingLeft(demo: Demo): void {
  const place = /\S*orion-demo-\w+/.exec(demo.shown())?.[0]
  assert.ok(place, demo.shown())
  assert.equal(existsSync(place), false, place)
  const left = readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(place)
    } catch {
      return false // It ended while it was looked at.
    }
  })
  assert.deepEqual(left, [])
}
