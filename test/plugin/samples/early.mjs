/** A plugin without the SDK that asks for things before it has said what it is, tells what came of it, and goes. */
export const plugin = {
  orionPlugin: true,
  serveStreams: ({ input, output }) =>
    new Promise((resolve) => {
      const requests = [
        ['initialize', { token: 'x', protocol: { min: 1, max: 1 }, client: { name: 'owner' } }],
        ['record/list', { type: 'OrionInsight' }],
        ['record/create', { type: 'OrionInsight', data: { summary: 'a', domain: 'b' } }],
        ['plugin/list', {}],
      ]
      const told = []
      const own = Object.keys(process.env).filter((name) => name.startsWith('ORION_'))
      const send = (id) => {
        const [method, params] = requests[id]
        const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
        output.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
      }
      let text = ''
      input.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
        for (;;) {
          const [head, length] = /^Content-Length: (\d+)\r\n\r\n/.exec(text) ?? []
          if (head === undefined || text.length < head.length + Number(length)) return
          const body = text.slice(head.length, head.length + Number(length))
          text = text.slice(head.length + Number(length))
          const { id, error, result } = JSON.parse(body)
          told.push(error?.data.kind ?? result.principal ?? 'done')
          if (id + 1 < requests.length) send(id + 1)
          else {
            console.error(`told: ${told.join(' ')}; environment: ${own.join(' ') || 'none'}`)
            resolve()
          }
        }
      })
      send(0)
    }),
}
