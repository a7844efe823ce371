/** A plugin without the SDK that misbehaves as its settings say, and so starts fast. */
import { writeSync } from 'node:fs'

const manifest = {
  name: 'wild',
  apiVersion: 1,
  scopes: { read: 'all' },
  recordTypes: [],
  migrations: [],
  actions: [
    {
      name: 'wild.act',
      description: 'Never done.',
      types: ['OrionInsight'],
      requiresProposal: false,
      dangerous: false,
      retriesMax: 0,
      input: {},
    },
  ],
  hooks: [{ type: 'Tally', operations: ['create'], fail: 'closed' }],
  on: [],
}

const behaviours = {
  crash: () => process.exit(7),
  hang: () => {
    for (;;);
  },
  leak: () => {
    const kept = []
    for (;;) kept.push(new Array(100_000).fill(kept.length))
  },
  hoard: () => {
    globalThis.kept = Array.from({ length: 8 }, () => Buffer.alloc(32 * 1024 * 1024, 1))
  },
  noise: () => writeSync(1, 'this is no frame\r\n\r\n{}'),
  babble: () => {
    const line = `${'x'.repeat(99)}\n`.repeat(1000)
    setInterval(() => process.stderr.write(line), 1)
  },
  greedy: (send) => {
    // Nobody has said so yet, so that none is answered before all are asked.
    const params = { patterns: ['Wild.go'], waitMs: 60_000 }
    for (let id = 100; id < 110; id++) send({ id, method: 'event/list', params })
  },
  deaf: () => setInterval(() => {}, 1000),
}

export const plugin = {
  orionPlugin: true,
  serveStreams: ({ input, output }) =>
    new Promise((resolve) => {
      const send = (message) => {
        const body = JSON.stringify({ jsonrpc: '2.0', ...message })
        output.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
      }
      let behaviour
      const answers = []
      const take = ({ id, method, result, error }) => {
        if (method !== undefined) {
          if (behaviour === 'deaf') return
          send({ id, result: null })
          if (method === 'plugin/stop') resolve()
          return
        }
        if (error !== undefined && id < 100) process.exit(1)
        if (id >= 100) {
          answers.push(error?.code ?? 'done')
          console.error(`answers: ${answers.join(' ')}.`)
        }
        if (id === 1) send({ id: 2, method: 'plugin/register', params: { manifest } })
        if (id === 3) setTimeout(() => behaviours[behaviour]?.(send), 20)
        if (id !== 2) return
        behaviour = result.settings.behaviour
        if (behaviour !== 'slow') send({ id: 3, method: 'plugin/ready', params: {} })
      }
      let buffered = Buffer.alloc(0)
      input.on('data', (chunk) => {
        buffered = Buffer.concat([buffered, chunk])
        for (;;) {
          const head = /^Content-Length: (\d+)\r\n\r\n/.exec(buffered.toString('latin1', 0, 64))
          const end = head === null ? Infinity : head[0].length + Number(head[1])
          if (buffered.length < end) return
          take(JSON.parse(buffered.toString('utf8', head[0].length, end)))
          buffered = buffered.subarray(end)
        }
      })
      const client = { name: 'wild', kind: 'plugin' }
      send({ id: 1, method: 'initialize', params: { protocol: { min: 1, max: 1 }, client } })
    }),
}
