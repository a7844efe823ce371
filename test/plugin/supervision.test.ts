/** How one plugin is kept running, without processes and in no time: pauses, budgets, and giving up. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { defaultLimits, type Limits } from '../../daemon/limits.ts'
import { silentLog } from '../../daemon/log.ts'
import { localGrant } from '../../daemon/plugins/local-plugin.ts'
import { PluginLog } from '../../daemon/plugins/plugin-log.ts'
import type { ProcessEnd } from '../../daemon/plugins/plugin-process.ts'
import type { PluginPeer, PluginSeat } from '../../daemon/plugins/plugin-seat.ts'
import { SupervisedPlugin } from '../../daemon/plugins/supervised-plugin.ts'
import { definePlugin } from '../../sdk/index.ts'
import { PingPlugin } from '../../sdk/protocol/plugin-messages.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import { temporaryDirectory } from '../support/launch.ts'

const plugin = definePlugin({ name: 'held', apiVersion: 1, scopes: { read: ['Note'] } })
const grant = localGrant({ plugin }, '2026-01-01T00:00:00.000000Z')

/** A plugin whose processes end when the test says so, and whose timers are the test's. */
function supervise(
  t: TestContext,
  limits: Partial<Limits> = {},
  admitted?: Promise<void>,
  launched: () => Promise<void> = async () => {},
) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const seats: PluginSeat[] = []
  let settle: (end: ProcessEnd) => void = () => {}
  const told: string[] = []
  let nowMs = 0
  let memoryBytes = 0
  const supervised = new SupervisedPlugin({
    plugin: grant,
    limits: { ...defaultLimits, ...limits },
    clock: { nowMicros: () => nowMs * 1000, monotonicMs: () => nowMs },
    log: silentLog,
    pluginLog: new PluginLog(join(temporaryDirectory(t), 'log'), defaultLimits),
    admit: async () => await admitted,
    read: async () => [],
    assertMayFollow: () => {},
    onGivenUp: (reason) => void told.push(reason),
    launch: async () => {
      await launched()
      const ended = new Promise<ProcessEnd>((resolve) => {
        settle = resolve
      })
      const kill = (): void => settle({ how: 'was ended by SIGKILL', isUnusable: false })
      const [transport] = memoryPair()
      return {
        transport,
        stderr: undefined,
        ended,
        pid: 1,
        memoryBytes: () => memoryBytes,
        kill,
      }
    },
    attach: (_transport, seat) => void seats.push(seat),
  })
  return {
    supervised,
    seats,
    told,
    /** Starts it, and lets its process come. */
    start: async (): Promise<void> => {
      supervised.start()
      await turn()
    },
    /** That of the newest start. */
    seat: (): PluginSeat => seats.at(-1) ?? assert.fail('it was not started'),
    crash: async (isUnusable = false): Promise<void> => {
      settle({ how: 'ended with status 7', isUnusable })
      await turn()
    },
    pass: async (ms: number): Promise<void> => {
      for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
        const step = Math.min(stepMs, leftMs)
        nowMs += step
        t.mock.timers.tick(step)
        await turn()
      }
    },
    holds: (bytes: number): void => {
      memoryBytes = bytes
    },
  }
}

/** Answers come between two steps. */
const stepMs = 500

async function turn(): Promise<void> {
  for (let step = 0; step < 20; step++) await Promise.resolve()
}

const answering: PluginPeer = { ask: async () => null, close: () => {} }
const silent: PluginPeer = { ask: () => new Promise(() => {}), close: () => {} }

async function serves(seat: PluginSeat, peer = answering): Promise<void> {
  await seat.register(grant.manifest, peer)
  seat.ready(undefined)
}

test('the pause before a plugin that crashed is started again doubles', async (t) => {
  const limits = { pluginRestartMs: 100, pluginCrashesMax: 4, pluginCrashesWithinMs: 60_000 }
  const { supervised, start, seats, crash, pass, told } = supervise(t, limits)
  await start()
  for (const [before, pauseMs] of [100, 200, 400].entries()) {
    assert.equal(seats.length, before + 1)
    await crash()
    assert.equal(supervised.state.name, 'waiting')
    await pass(pauseMs - 1)
    assert.equal(seats.length, before + 1, `not before ${pauseMs} ms`)
    await pass(1)
  }
  assert.equal(seats.length, 4)
  assert.deepEqual(told, [])
  await crash()
  assert.equal(supervised.state.name, 'disabled')
  assert.deepEqual(told, ['it crashed 4 times: it ended with status 7'])
  await pass(60_000)
  assert.equal(seats.length, 4, 'it is not started any more')
})

test('crashes that are long past are not counted', async (t) => {
  const limits = { pluginRestartMs: 100, pluginCrashesMax: 3, pluginCrashesWithinMs: 5000 }
  const { supervised, start, seats, crash, pass, told } = supervise(t, limits)
  await start()
  for (let times = 0; times < 6; times++) {
    await crash()
    assert.deepEqual([supervised.state.name, supervised.crashes], ['waiting', 1])
    await pass(100)
    assert.equal(seats.length, times + 2, 'after the first pause')
    await pass(5000)
  }
  assert.deepEqual(told, [])
})

test('what can’t be served is not tried again', async (t) => {
  const { supervised, start, seats, pass, crash } = supervise(t)
  await start()
  await crash(true)
  assert.deepEqual(supervised.state, { name: 'failed', reason: 'it ended with status 7' })
  await pass(600_000)
  assert.equal(seats.length, 1)
})

test('a plugin that does not serve in its time is ended', async (t) => {
  const { supervised, start, seat, pass } = supervise(t, { pluginStartMaxMs: 1000 })
  await start()
  await seat().register(grant.manifest, answering)
  await pass(999)
  assert.equal(supervised.state.name, 'starting')
  await pass(1)
  assert.match(describe(supervised), /^waiting it was ended by SIGKILL/)
})

test('what the daemon has to do for a plugin that starts is not the plugin’s time', async (t) => {
  let admit: () => void = () => {}
  const admitted = new Promise<void>((resolve) => {
    admit = resolve
  })
  const { supervised, start, seat, pass } = supervise(t, { pluginStartMaxMs: 1000 }, admitted)
  await start()
  await pass(999)
  const registered = seat().register(grant.manifest, answering)
  await pass(60_000)
  assert.equal(supervised.state.name, 'starting')
  admit()
  await registered
  await pass(999)
  assert.equal(supervised.state.name, 'starting')
  await pass(1)
  assert.match(describe(supervised), /^waiting it was ended by SIGKILL/)
})

test('a process that ends while it is admitted is not asked, and the next one is', async (t) => {
  let admit: () => void = () => {}
  const admitted = new Promise<void>((resolve) => {
    admit = resolve
  })
  const limits = { pluginRestartMs: 100 }
  const { supervised, start, seat, crash, pass } = supervise(t, limits, admitted)
  await start()
  const asked: string[] = []
  const peerOf = (name: string): PluginPeer => ({
    ask: async () => {
      asked.push(name)
      return null
    },
    close: () => {},
  })
  const first = seat().register(grant.manifest, peerOf('first'))
  await crash()
  await pass(100)
  const second = serves(seat(), peerOf('second'))
  const late = assert.rejects(first, { kind: 'disconnected' })
  admit()
  await Promise.all([late, second])
  const calls = await supervised.running(1)
  await calls.ask(PingPlugin, {}, { timeMaxMs: 1000 })
  assert.deepEqual(asked, ['second'])
})

for (const { what, peer, bytes } of [
  { what: 'does not answer any more', peer: silent, bytes: 0 },
  { what: 'holds too much memory', peer: answering, bytes: 101 },
]) {
  test(`a plugin that ${what} is ended, and one that does not is not`, async (t) => {
    const limits = { pluginAskedEveryMs: 1000, pluginMemoryMaxBytes: 100, pluginRestartMs: 30_000 }
    const { supervised, start, seat, pass, holds, crash } = supervise(t, limits)
    await start()
    await serves(seat())
    holds(100)
    await pass(20_000)
    assert.equal(supervised.state.name, 'running')
    await crash()
    await pass(limits.pluginRestartMs)
    holds(bytes)
    await serves(seat(), peer)
    for (let times = 0; times < 3; times++) await pass(limits.pluginAskedEveryMs)
    assert.match(describe(supervised), /^waiting it was ended by SIGKILL/)
  })
}

test('a plugin is asked so much at once and no more, and again when there is room', async (t) => {
  const { supervised, start, seat } = supervise(t, { pluginCallsMax: 2 })
  await start()
  const answers: (() => void)[] = []
  const held: PluginPeer = {
    ask: () => new Promise((resolve) => answers.push(() => resolve(null))),
    close: () => {},
  }
  await serves(seat(), held)
  const calls = await supervised.running(1)
  const ask = async () => await calls.ask(PingPlugin, {}, { timeMaxMs: 1000 })
  const first = ask()
  const second = ask()
  await assert.rejects(Promise.race([ask(), first, second]), {
    kind: 'overloaded',
    message: /held is asked too much at once/,
  })
  answers[0]?.()
  await first
  const third = ask()
  for (const answer of answers.slice(1)) answer()
  await Promise.all([second, third])
  assert.equal(answers.length, 3, 'what is refused does not come to the plugin')
})

test('a plugin that asks for something else than was granted is held, and says so', async (t) => {
  const { supervised, start, seat, pass, seats } = supervise(t)
  await start()
  const more = { ...grant.manifest, scopes: { read: 'all' as const } }
  await assert.rejects(seat().register(more, answering), {
    kind: 'forbidden',
    message: /what it asks for has changed since held was granted/,
  })
  assert.match(describe(supervised), /^failed what it asks for has changed/)
  seat().ready(undefined)
  await pass(600_000)
  assert.equal(supervised.state.name, 'failed')
  assert.equal(seats.length, 1, 'nothing is tried again')
  await assert.rejects(supervised.running(1), { message: /held is not running: failed: what it/ })
})

test('a plugin that does not end when it is asked to is ended', async (t) => {
  const { supervised, start, seat, pass } = supervise(t, { pluginStopMaxMs: 500 })
  await start()
  await serves(seat(), silent)
  let isOver = false
  const stopped = supervised.stop('the test is over').then(() => {
    isOver = true
  })
  await pass(499)
  assert.equal(isOver, false)
  await pass(1)
  await stopped
  assert.equal(supervised.state.name, 'idle')
})

test('a process that the system can’t make now is tried again after the pause', async (t) => {
  const limits = { pluginRestartMs: 100, pluginCrashesMax: 3 }
  let failures = 1
  const { supervised, start, seat, pass } = supervise(t, limits, undefined, async () => {
    if (failures-- > 0) throw new Error('no more processes')
  })
  await start()
  assert.equal(describe(supervised), 'waiting it could not be started: no more processes')
  await pass(100)
  await serves(seat())
  assert.equal(supervised.state.name, 'running')
})

test('a plugin that is stopped while its process is made is stopped when that is there', async (t) => {
  let come: () => void = () => {}
  const coming = new Promise<void>((resolve) => {
    come = resolve
  })
  const { supervised, start, seats } = supervise(t, {}, undefined, async () => await coming)
  await start()
  let isOver = false
  const stopped = supervised.stop('the test is over').then(() => {
    isOver = true
  })
  await turn()
  assert.deepEqual([isOver, seats.length], [false, 0])
  come()
  await stopped
  assert.deepEqual([supervised.state.name, supervised.pid], ['idle', undefined])
})

function describe({ state }: SupervisedPlugin): string {
  return 'reason' in state ? `${state.name} ${state.reason}` : state.name
}
