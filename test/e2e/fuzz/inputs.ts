/** What is thrown at the daemon: bytes, one input after the other. */
import { openRpcDocument } from '../../../daemon/session/open-rpc.ts'
import { isJsonObject, type JsonObject } from '../../../sdk/json.ts'
import { encodeOdd, type Learned, OddValues, RawJson } from './odd-values.ts'
import type { Random } from './random.ts'

/** One input, and what may be expected of the connection after it. */
export interface Input {
  readonly bytes: Buffer
  /** The connection may be closed, or wait for the rest of a frame. */
  readonly breaks: boolean
}

/** What would end the daemon on purpose, or copy the store again and again, is thrown by tests of its own. */
const leftOut: ReadonlySet<string> = new Set([
  'daemon/shutdown',
  'daemon/handover',
  'daemon/backup',
  'daemon/check',
  'initialize',
  'shutdown',
])

/** Makes inputs from a seed's numbers. */
export class Inputs {
  readonly #random: Random
  readonly #values: OddValues
  readonly #methods: readonly JsonObject[]
  #nextId = 1

  constructor(random: Random, learned: Learned) {
    this.#random = random
    this.#values = new OddValues(random, learned)
    const { methods } = openRpcDocument('0')
    const all = Array.isArray(methods) ? methods.filter(isJsonObject) : []
    this.#methods = all.filter(({ name }) => !leftOut.has(String(name)))
  }

  next(): Input {
    const random = this.#random
    const kind = random.next()
    if (kind < 0.76) return { bytes: frameOf(this.#call()), breaks: false }
    if (kind < 0.88) return { bytes: frameOf(this.#envelope()), breaks: false }
    if (kind < 0.96) return { bytes: frameOf(this.#cancellation()), breaks: false }
    if (kind < 0.98) return { bytes: this.#damaged(frameOf(this.#call())), breaks: true }
    if (kind < 0.99) return { bytes: this.#oddFrame(), breaks: true }
    return { bytes: random.bytes(random.below(300)), breaks: true }
  }

  /** A handshake, usually a sound one. */
  handshake(): Input {
    const sound = { protocol: { min: 1, max: 1 }, client: { name: 'fuzz', kind: 'other' } }
    const random = this.#random
    const method = this.#methodNamed('initialize')
    const params = random.chance(0.95) ? sound : this.#values.fitting(method?.['x-params'], '', 0)
    return { bytes: frameOf(this.#encode({ id: 0, method: 'initialize', params })), breaks: false }
  }

  /** A request that tells by its answer that all before it was read. */
  sentinel(id: string): Buffer {
    return frameOf(JSON.stringify({ jsonrpc: '2.0', id, method: 'type/get', params: {} }))
  }

  #methodNamed(name: string): JsonObject | undefined {
    const { methods } = openRpcDocument('0')
    return (Array.isArray(methods) ? methods : [])
      .filter(isJsonObject)
      .find((one) => one.name === name)
  }

  #encode(message: object): string {
    return encodeOdd({ jsonrpc: '2.0', ...message }, this.#random)
  }

  #call(): string {
    const random = this.#random
    const method = this.#methods[random.below(this.#methods.length)]
    const fitting = this.#values.fitting(method?.['x-params'], '', 0)
    const params =
      method?.name === 'event/list' && isJsonObject(fitting) ? { ...fitting, waitMs: 0 } : fitting
    return this.#encode({ id: this.#nextId++, method: method?.name, params })
  }

  /** A message whose outside is odd. */
  #envelope(): string {
    const random = this.#random
    const values = this.#values
    const method = random.pick([
      'record/get',
      'record/create',
      '$/setTrace',
      '$/cancelRequest',
      '$/progress',
      'initialized',
      'textDocument/didOpen',
      'rpc.discover',
      '',
      '__proto__',
      'constructor',
      'x'.repeat(5000),
    ])
    const id = random.pick<unknown>([
      1,
      1,
      'a',
      '',
      null,
      -1,
      1.5,
      2 ** 53,
      {},
      [],
      true,
      new RawJson('1e999'),
      'x'.repeat(3000),
    ])
    switch (random.below(8)) {
      case 0:
        return encodeOdd(values.odd(), random)
      case 1:
        return this.#encode({ id, method, params: values.odd() })
      case 2:
        return encodeOdd({ jsonrpc: values.odd(), id, method }, random)
      case 3:
        return this.#encode({ id, result: values.odd() })
      case 4:
        return this.#encode({ id, error: values.odd() })
      case 5:
        return `[${this.#call()},${this.#call()}]`
      case 6:
        return this.#encode({ method, params: values.odd() })
      default:
        return this.#encode({ id, method: values.odd(), params: {} })
    }
  }

  #cancellation(): string {
    const random = this.#random
    const recent = this.#nextId - 1 - random.below(5)
    const id = random.chance(0.8) ? recent : this.#values.odd()
    return this.#encode({ method: '$/cancelRequest', params: { id } })
  }

  /** Some bytes changed, added or taken away. */
  #damaged(bytes: Buffer): Buffer {
    const random = this.#random
    const at = random.below(bytes.length)
    switch (random.below(4)) {
      case 0:
        return bytes.subarray(0, at)
      case 1:
        return Buffer.concat([
          bytes.subarray(0, at),
          random.bytes(1 + random.below(4)),
          bytes.subarray(at),
        ])
      case 2:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(4))])
      default: {
        const changed = Buffer.from(bytes)
        for (let count = 1 + random.below(4); count > 0; count--) {
          changed[random.below(changed.length)] = random.below(256)
        }
        return changed
      }
    }
  }

  #oddFrame(): Buffer {
    const body = '{"jsonrpc":"2.0","id":1,"method":"type/list"}'
    const header = this.#random.pick([
      'Content-Length: -1',
      'Content-Length: 0',
      'Content-Length: 99999999999',
      'Content-Length: 1e3',
      'Content-Length: 0x10',
      'content-length:45\r\nContent-Length: 45',
      'Content-Length',
      'X: 1',
      'Content-Length: 45\r\nContent-Type: text/plain; charset=latin1',
      `X: ${'a'.repeat(9000)}`,
      'GET / HTTP/1.1\r\nHost: localhost',
      `Content-Length: 45\r\n${'Y: 1\r\n'.repeat(100)}Z: 1`,
      'Content-Length:  45',
      '\u0000Content-Length: 45',
      'Content-Length: 45\n',
    ])
    return Buffer.from(`${header}\r\n\r\n${body}`)
  }
}

function frameOf(body: string): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes])
}
