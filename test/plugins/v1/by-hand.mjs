/**
 * A plugin of version 1 that speaks the protocol by hand, as it was when the interface began: what the SDK of that day sends
 * and understands. It is not to be changed: plugins that bring that SDK along are out there.
 */
const manifest = {
  name: 'by-hand',
  apiVersion: 1,
  scopes: { read: ['OrionInsight'] },
  recordTypes: [
    { name: 'V1Word', fields: { word: { kind: 'text' }, length: { kind: 'integer', default: 0 } } },
  ],
  migrations: [],
  actions: [
    {
      name: 'v1.say',
      description: 'Says a word.',
      types: ['V1Word'],
      requiresProposal: false,
      dangerous: false,
      retriesMax: 0,
      input: { type: 'object' },
    },
  ],
  hooks: [{ type: 'V1Word', operations: ['create'], fail: 'closed' }],
  on: [],
}

const answers = {
  'plugin/ping': () => null,
  'plugin/stop': () => null,
  'plugin/checkAction': ({ params }) => ({
    issues: typeof params?.word === 'string' ? [] : [{ path: 'word', message: 'expected a word' }],
  }),
  'plugin/planAction': async ({ call, step, params }, ask) => {
    const where = { word: params.word }
    const { records } = await ask('plugin/read', { call, type: 'V1Word', where, limit: 1 })
    if (step === 'problems') {
      return { problems: records.length === 0 ? [] : [{ path: 'word', message: 'was said' }] }
    }
    return { operations: [{ op: 'create', type: 'V1Word', data: { word: params.word } }] }
  },
  'plugin/followAction': () => ({ failures: [] }),
  'plugin/hook': ({ after }) =>
    after.word === 'bad'
      ? { refuse: { path: 'word', message: 'a bad word' } }
      : { set: { length: after.word.length } },
}

async function serveStreams({ input, output }) {
  const waiting = new Map()
  let lastId = 0
  const send = (message) => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
    output.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]))
  }
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      lastId += 1
      waiting.set(lastId, { resolve, reject })
      send({ id: lastId, method, params })
    })
  const answer = async ({ id, method, params }) => {
    try {
      send({ id, result: await answers[method](params, ask) })
      if (method === 'plugin/stop') setImmediate(() => process.exit(0))
    } catch (error) {
      send({ id, error: { code: 50000, message: String(error), data: { kind: 'internal' } } })
    }
  }
  const receive = (message) => {
    if (message.method !== undefined) {
      if (message.id !== undefined) void answer(message)
      return
    }
    const { resolve, reject } = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error === undefined) resolve(message.result)
    else reject(new Error(message.error.message))
  }
  readFrames(input, receive)
  const client = { name: 'by-hand', kind: 'plugin' }
  await ask('initialize', { protocol: { min: 1, max: 1 }, client })
  await ask('plugin/register', { manifest })
  await ask('plugin/ready', {})
  await new Promise((resolve) => input.on('end', resolve))
}

function readFrames(input, receive) {
  let buffer = Buffer.alloc(0)
  input.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const headerEnd = buffer.indexOf('\r\n\r\n')
      if (headerEnd < 0) return
      const [, length] = /content-length: *(\d+)/i.exec(buffer.toString('latin1', 0, headerEnd))
      const end = headerEnd + 4 + Number(length)
      if (buffer.length < end) return
      const body = buffer.toString('utf8', headerEnd + 4, end)
      buffer = buffer.subarray(end)
      receive(JSON.parse(body))
    }
  })
}

export const plugin = { orionPlugin: true, name: 'by-hand', apiVersion: 1, serveStreams }
