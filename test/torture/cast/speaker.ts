/** Ways to the daemon, seen by who writes: each call is answered, refused, or nobody knows. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { PlainConnection, Refused } from '../../e2e/plain-connection.ts'

/** The daemon said no. */
export class No extends Error {
  readonly kind: string
  readonly current: unknown

  constructor(kind: string, current?: unknown) {
    super(kind)
    this.kind = kind
    this.current = current
  }
}

/** Nobody knows whether it happened. */
export class NobodyKnows extends Error {}

/** Something that can be asked. */
export interface Speaker {
  /** @throws No or NobodyKnows. */
  call(method: string, params: object): Promise<unknown>
}

/** Where the daemon of the moment is. */
export class Address {
  readonly #path: string

  constructor(discoveryPath: string) {
    this.#path = discoveryPath
  }

  /** A connection to whichever daemon answers; waits for one. Undefined when `isOver` says so first. */
  async connect(
    name: string,
    isOver: () => boolean,
    onNotification?: (method: string, params: unknown) => void,
  ): Promise<PlainConnection | undefined> {
    while (!isOver()) {
      const socket = this.socket()
      if (socket !== undefined) {
        try {
          return await PlainConnection.open(socket, name, onNotification)
        } catch {
          // It is gone, or has not begun.
        }
      }
      await sleep(8)
    }
    return undefined
  }

  socket(): string | undefined {
    try {
      return discovery.parse(JSON.parse(readFileSync(this.#path, 'utf8'))).socket
    } catch {
      return undefined
    }
  }
}

const discovery = z.object({ socket: z.string() })

/** A plain connection that is made anew whenever it has ended, as an editor does. */
export class PlainSpeaker implements Speaker {
  readonly #address: Address
  readonly #name: string
  readonly #isOver: () => boolean
  #connection: Promise<PlainConnection | undefined> | undefined

  constructor(address: Address, name: string, isOver: () => boolean) {
    this.#address = address
    this.#name = name
    this.#isOver = isOver
  }

  async call(method: string, params: object): Promise<unknown> {
    this.#connection ??= this.#address.connect(this.#name, this.#isOver)
    const used = this.#connection
    const connection = await used
    if (connection === undefined) throw new NobodyKnows('it is over')
    try {
      return await connection.call(method, params)
    } catch (error) {
      if (error instanceof Refused) throw refusalOf(error)
      connection.close()
      if (this.#connection === used) this.#connection = undefined
      throw new NobodyKnows(String(error))
    }
  }

  close(): void {
    void this.#connection?.then((connection) => connection?.close())
  }
}

/** A connection for each call, as a step of a CI job makes it. */
export class OneShotSpeaker implements Speaker {
  readonly #address: Address
  readonly #name: string
  readonly #isOver: () => boolean

  constructor(address: Address, name: string, isOver: () => boolean) {
    this.#address = address
    this.#name = name
    this.#isOver = isOver
  }

  async call(method: string, params: object): Promise<unknown> {
    const speaker = new PlainSpeaker(this.#address, this.#name, this.#isOver)
    try {
      return await speaker.call(method, params)
    } finally {
      speaker.close()
    }
  }
}

const refusalData = z.object({ kind: z.string(), current: z.unknown().optional() })

function refusalOf(error: Refused): No | NobodyKnows {
  const { kind, current } = refusalData.parse(error.data)
  return kind === 'outcome_unknown' ? new NobodyKnows(kind) : new No(kind, current)
}
