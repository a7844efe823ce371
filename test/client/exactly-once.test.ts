/** Whatever happens to its connections, a subscriber gets each event once, in order, and a writer has each effect once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { integer } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'

const Step = defineRecordType('Step', { fields: { number: integer(), run: integer() } })

type Action =
  | { readonly do: 'write'; readonly times: number }
  | { readonly do: 'read'; readonly times: number }
  | { readonly do: 'drop'; readonly whose: 'writer' | 'reader' }
  | { readonly do: 'breathe' }

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), times: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('read' as const), times: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    do: fc.constant('drop' as const),
    whose: fc.constantFrom('writer' as const, 'reader' as const),
  }),
  fc.record({ do: fc.constant('breathe' as const) }),
)

test('events are delivered once and in order, writes happen once, over any lost connections', async (t) => {
  const daemon = await startDaemon(t)
  const ends: { writer?: Transport; reader?: Transport } = {}
  const dial = (whose: 'writer' | 'reader') => async () => {
    const [server, end] = memoryPair()
    daemon.daemon.attach(server)
    ends[whose] = end
    return end
  }
  let run = 0
  const check = async (actions: readonly Action[]): Promise<void> => {
    run++
    const number = run
    const writer = await daemonClient(t, daemon, { transport: dial('writer') })
    const reader = await daemonClient(t, daemon, { transport: dial('reader') })
    const steps = writer.repository(Step)
    const stream = await reader.subscribe(Step, { queueMaxEvents: 8 })
    const seen: number[] = []
    const seqs: number[] = []
    const writes: Promise<unknown>[] = []
    const read = async (): Promise<void> => {
      const { value } = await stream.next()
      seen.push(value?.record?.data.number ?? -1)
      seqs.push(value?.seq ?? -1)
    }
    for (const step of actions) {
      if (step.do === 'write') {
        for (let i = 0; i < step.times; i++) {
          writes.push(steps.create({ number: writes.length, run: number }))
        }
      } else if (step.do === 'read') {
        for (let i = 0; i < step.times && seen.length < writes.length; i++) await read()
      } else if (step.do === 'drop') {
        void ends[step.whose]?.close()
      } else {
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await Promise.all(writes)
    while (seen.length < writes.length) await read()
    assert.deepEqual(
      seqs,
      seqs.toSorted((left, right) => left - right),
    )
    assert.deepEqual(
      seen.toSorted((left, right) => left - right),
      Array.from({ length: writes.length }, (_, i) => i),
    )
    assert.equal((await steps.count({ where: { run: number } })).count, writes.length)
    await writer.close()
    await reader.close()
  }
  const numRuns = process.env.ORION_LONG === '1' ? 300 : 12
  await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 30 }), check), {
    numRuns,
    endOnFailure: false,
  })
})
