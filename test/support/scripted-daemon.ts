/**
 * A daemon of a few lines that keeps records in memory and does what a test tells it to: answer late, lose an answer,
 * die, come back with another epoch. It speaks the real protocol over memory pairs, one for each connection.
 */
import { type CancellationToken, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node'
import { type ErrorDataByKind, type ErrorKind, isOrionError, OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import { isJsonObject, type JsonObject } from '../../sdk/json.ts'
import type { Event, Record, Token } from '../../sdk/model.ts'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { Transport } from '../../sdk/transport/transport.ts'

/** What a handler is told besides the parameters. */
export interface ScriptedCall {
  readonly connection: ScriptedConnection
  readonly cancelled: CancellationToken
}

/** Answers one method. */
export type ScriptedHandler = (params: JsonObject, call: ScriptedCall) => unknown

/** One client's connection, as the daemon sees it. */
export class ScriptedConnection {
  readonly #connection: MessageConnection
  readonly #transport: Transport
  #dropped = false

  constructor(connection: MessageConnection, transport: Transport) {
    this.#connection = connection
    this.#transport = transport
  }

  notify(method: string, params: JsonObject | object): void {
    if (this.#dropped) return
    try {
      void this.#connection.sendNotification(method, params)
    } catch {
      // The client has hung up meanwhile.
    }
  }

  /** Ends it as a crash would: answers that are not sent yet never come. */
  drop(): void {
    this.#dropped = true
    this.#connection.dispose()
    void this.#transport.close()
  }
}

interface Subscriber {
  readonly id: string
  readonly connection: ScriptedConnection
  readonly prefix: string
}

/** The daemon. */
export class ScriptedDaemon {
  epoch = 'epoch1'
  readonly storeId = 'store1'
  /** Every request that came, in order. */
  readonly requests: { readonly method: string; readonly params: JsonObject }[] = []
  readonly records = new Map<string, Record>()
  readonly events: Event[] = []
  readonly types = new Map<string, JsonObject>()
  readonly #answers = new Map<string, unknown>()
  readonly #overrides = new Map<string, ScriptedHandler>()
  readonly #connections = new Set<ScriptedConnection>()
  readonly #waiting: { readonly method: string; readonly resolve: () => void }[] = []
  #subscribers: Subscriber[] = []
  #ids = 0
  /** Thrown by `connect` while set: nobody is there. */
  unreachable: Error | undefined

  /** The client's end of a new connection; hand it to `connect` as `transport`. */
  readonly dial = async (): Promise<Transport> => {
    if (this.unreachable !== undefined) throw this.unreachable
    // What a client has given up is not worth waiting for when it hangs up.
    const [server, client] = memoryPair({ endGraceMs: 10 })
    const rpc = createConnection(server)
    const connection = new ScriptedConnection(rpc, server)
    this.#connections.add(connection)
    server.onClose(() => this.#connections.delete(connection))
    rpc.onRequest((method, params, cancelled) =>
      this.#answer(method, isJsonObject(params) ? params : {}, { connection, cancelled }),
    )
    rpc.onNotification(() => {})
    rpc.listen()
    return client
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Answers a method by this from now on; undefined goes back to the usual answer. */
  handle(method: string, handler: ScriptedHandler | undefined): void {
    if (handler === undefined) this.#overrides.delete(method)
    else this.#overrides.set(method, handler)
  }

  /** Answers the next request of a method by this, once. */
  handleOnce(method: string, handler: ScriptedHandler): void {
    this.handle(method, (params, call) => {
      this.handle(method, undefined)
      return handler(params, call)
    })
  }

  /** How many requests of a method came. */
  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length
  }

  /** Resolves when the next request of a method has come. */
  async arrival(method: string): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push({ method, resolve }))
  }

  /** Ends every connection as a crash would. */
  drop(): void {
    for (const connection of [...this.#connections]) connection.drop()
  }

  /** The usual answer to a request. */
  usual(method: string, params: JsonObject, call: ScriptedCall): unknown {
    switch (method) {
      case 'initialize':
        return this.#welcome()
      case 'type/get':
        return this.#type(text(params.type))
      case 'type/define':
        return this.#define(params)
      case 'record/get':
        return this.#record(params)
      case 'record/create':
      case 'record/update':
      case 'record/delete':
        return this.#once(method, params)
      case 'subscription/open':
        return this.#subscribe(params, call)
      case 'subscription/close':
        this.#subscribers = this.#subscribers.filter(({ id }) => id !== params.subscriptionId)
        return null
      default:
        throw new OrionError('method_not_found', method, {})
    }
  }

  /** Puts an event into the log and sends it to the subscribers of its topic. */
  emit(topic: string, more: Partial<Event> = {}): Event {
    const seq = (this.events.length + 1) as Event['seq']
    const at = instantFromMicros(seq)
    const token = this.tokenAt(seq)
    const actor = { principal: 'owner', client: 'scripted' }
    const event: Event = { seq, txn: seq, topic, actor, at, token, ...more }
    this.events.push(event)
    for (const subscriber of this.#subscribers) this.#send(subscriber, [event])
    return event
  }

  tokenAt(seq: number): Token {
    return `o1.${this.storeId}.${this.epoch}.${seq}` as Token
  }

  get token(): Token {
    return this.tokenAt(this.events.length)
  }

  get subscriberCount(): number {
    return this.#subscribers.length
  }

  async #answer(method: string, params: JsonObject, call: ScriptedCall): Promise<unknown> {
    this.requests.push({ method, params })
    const waiting = this.#waiting.findIndex((waiter) => waiter.method === method)
    if (waiting >= 0) this.#waiting.splice(waiting, 1)[0]?.resolve()
    const handler = this.#overrides.get(method)
    try {
      return handler === undefined ? this.usual(method, params, call) : await handler(params, call)
    } catch (error) {
      return wireError(error)
    }
  }

  #welcome(): object {
    const server = { name: 'orion', version: '0.1.0' }
    return {
      protocol: 1,
      server,
      serverInfo: server,
      instanceId: 'scripted',
      storeId: this.storeId,
      epoch: this.epoch,
      token: this.token,
      floor: this.tokenAt(0),
      principal: 'owner',
      scopes: ['read', 'write', 'publish', 'define', 'admin'],
      capabilities: {},
      limits: {},
      warnings: [],
    }
  }

  #type(name: string): object {
    const definition = this.types.get(name)
    if (definition === undefined) throw new OrionError('unknown_type', name, { type: name })
    return { ...definition, schemaVersion: 1, jsonSchema: {} }
  }

  #define(params: JsonObject): object {
    const definition = isJsonObject(params.definition) ? params.definition : {}
    this.types.set(text(definition.name), definition)
    return { name: definition.name, schemaVersion: 1, changes: [], changed: true }
  }

  #record(params: JsonObject): Record {
    const key = `${params.type}/${params.id}`
    const record = this.records.get(key)
    if (record === undefined) throw new OrionError('not_found', key, {})
    return record
  }

  /** One effect for one key. */
  #once(method: string, params: JsonObject): unknown {
    if (params.expectedEpoch !== undefined && params.expectedEpoch !== this.epoch) {
      throw new OrionError('conflict', 'epoch', { reason: 'epoch', current: null })
    }
    const key = text(params.idempotencyKey)
    const kept = this.#answers.get(key)
    if (kept !== undefined) return { ...kept, replayed: true }
    const answer = this.#write(method, params)
    this.#answers.set(key, answer)
    return answer
  }

  #write(method: string, params: JsonObject): object {
    const type = text(params.type)
    const id = params.id === undefined ? `id${++this.#ids}` : text(params.id)
    const key = `${type}/${id}`
    const before = this.records.get(key)
    if (method === 'record/create' ? before !== undefined : before === undefined) {
      if (before === undefined) throw new OrionError('not_found', key, {})
      throw new OrionError('conflict', key, { reason: 'exists', current: before })
    }
    const expected = params.expectedVersion
    if (before !== undefined && expected !== undefined && expected !== before.version) {
      throw new OrionError('conflict', key, { reason: 'version', current: before })
    }
    const op = { create: 'created', update: 'updated', delete: 'deleted' }[method.slice(7)]
    const at = instantFromMicros(this.events.length + 1)
    const record: Record = {
      type,
      id,
      version: ((before?.version ?? 0) + 1) as Record['version'],
      createdAt: before?.createdAt ?? at,
      createdBy: 'owner',
      updatedAt: at,
      updatedBy: 'owner',
      lifecycle: op === 'deleted' ? 'deleted' : 'active',
      token: this.tokenAt(this.events.length + 1),
      data: { ...before?.data, ...objectOr(params.data), ...objectOr(params.set) },
    }
    this.records.set(key, record)
    this.emit(`${type}.${op}`, { type, id, version: record.version, record })
    const result = { type, id, version: record.version, changed: true, token: record.token }
    return params.return === 'record' ? { ...result, record } : result
  }

  #subscribe(params: JsonObject, { connection }: ScriptedCall): object {
    const patterns = Array.isArray(params.patterns) ? params.patterns.map(text) : []
    const prefix = text(patterns[0]).replace('*', '')
    const subscriber = { id: `s${++this.#ids}`, connection, prefix }
    this.#subscribers.push(subscriber)
    const from =
      params.from === 'now' ? this.events.length : Number(text(params.from).split('.')[3])
    const missed = this.events.filter((event) => event.seq > from)
    setImmediate(() => {
      this.#send(subscriber, missed)
      connection.notify('subscription/synced', { subscriptionId: subscriber.id, token: this.token })
    })
    return { subscriptionId: subscriber.id, token: this.tokenAt(from), patterns }
  }

  #send({ id, connection, prefix }: Subscriber, all: readonly Event[]): void {
    const events = all.filter(({ topic }) => topic.startsWith(prefix))
    const token = events.at(-1)?.token
    if (token === undefined || !this.#connections.has(connection)) return
    connection.notify('subscription/events', { subscriptionIds: [id], events, token })
  }
}

/** An error as a daemon would answer it. */
export function scriptedError<K extends ErrorKind>(kind: K, data: ErrorDataByKind[K]): OrionError {
  return new OrionError(kind, `scripted ${kind}`, data)
}

function wireError(error: unknown): ResponseError<object> {
  if (!isOrionError(error)) return new ResponseError(-32603, String(error))
  const { kind, message, data, retryable } = error
  return new ResponseError(errorCodes[kind], message, { kind, retryable, ...data })
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function objectOr(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}
