/** Throws inputs at a daemon over connections that begin, and end, in every way. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Inputs } from './inputs.ts'
import type { Learned } from './odd-values.ts'
import { Random } from './random.ts'

/** What came of it. */
export interface Thrown {
  inputs: number
  connections: number
  answers: number
  /** Answers by their code; results have none and stand under 0. */
  readonly codes: Map<number, number>
  /** Incidents, and connections that were neither answered nor closed. */
  readonly problems: string[]
}

/** Where and how much. */
export interface ThrowerOptions {
  readonly socketPath: string
  readonly seed: number
  readonly inputs: number
}

/** Throws all inputs of a seed, connection after connection. */
export async function throwInputs(options: ThrowerOptions): Promise<Thrown> {
  const thrown: Thrown = { inputs: 0, connections: 0, answers: 0, codes: new Map(), problems: [] }
  const random = new Random(options.seed)
  const learned: Learned = { tokens: [], cursors: [] }
  const inputs = new Inputs(random, learned)
  while (thrown.inputs < options.inputs) {
    const socket = connect({ path: options.socketPath, allowHalfOpen: true })
    await once(socket, 'connect')
    thrown.connections++
    const ear = new Ear(socket, thrown, learned)
    await throwAt(socket, { random, inputs, thrown, ear, most: options.inputs })
    socket.destroy()
  }
  return thrown
}

interface Throwing {
  readonly random: Random
  readonly inputs: Inputs
  readonly thrown: Thrown
  readonly ear: Ear
  readonly most: number
}

/** One connection: a handshake, some bursts, and an end. */
async function throwAt(socket: Socket, throwing: Throwing): Promise<void> {
  const { random, inputs, thrown, ear, most } = throwing
  if (random.chance(0.95)) socket.write(inputs.handshake().bytes)
  for (let burst = random.below(30); burst >= 0; burst--) {
    let breaks = false
    for (let count = 1 + random.below(20); count > 0 && thrown.inputs < most; count--) {
      const input = inputs.next()
      breaks ||= input.breaks
      thrown.inputs++
      writeCut(socket, input.bytes, random)
    }
    if (breaks) {
      // Whatever is missing of a frame never comes.
      if (random.chance(0.5)) socket.end()
      else socket.destroy()
      if (socket.destroyed) return
      await ear.endedWithin(`after a broken frame, input ${thrown.inputs}`)
      return
    }
    if (random.chance(0.1)) return
    const id = `sentinel ${thrown.inputs}`
    socket.write(inputs.sentinel(id))
    if (!(await ear.heard(id))) return
    if (thrown.inputs >= most) return
  }
}

/** Sometimes in pieces, as a slow network would. */
function writeCut(socket: Socket, bytes: Buffer, random: Random): void {
  if (socket.destroyed || socket.writableEnded) return
  if (random.chance(0.9)) return void socket.write(bytes)
  const at = random.below(bytes.length + 1)
  socket.write(bytes.subarray(0, at))
  socket.write(bytes.subarray(at))
}

/** Longest time that a daemon may leave a connection without an answer or an end; generous, for slow machines. */
const patienceMs = 240_000

/** Reads what comes back, and remembers what is worth it. */
class Ear {
  readonly #thrown: Thrown
  readonly #learned: Learned
  readonly #waiting = new Map<string, (heard: boolean) => void>()
  readonly #closed: Promise<void>
  #bytes = Buffer.alloc(0)
  #over = false

  constructor(socket: Socket, thrown: Thrown, learned: Learned) {
    this.#thrown = thrown
    this.#learned = learned
    socket.on('error', () => {
      // It was closed while something was written: `close` follows.
    })
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => socket.end())
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#over = true
        for (const settle of this.#waiting.values()) settle(false)
        resolve()
      })
    })
  }

  /** Whether the answer came; false when the connection was closed instead. */
  heard(id: string): Promise<boolean> {
    if (this.#over) return Promise.resolve(false)
    const answered = new Promise<boolean>((resolve) => this.#waiting.set(id, resolve))
    return this.#inTime(answered, `no answer and no end after ${id}`)
  }

  async endedWithin(where: string): Promise<void> {
    await this.#inTime(
      this.#closed.then(() => true),
      `no end ${where}`,
    )
  }

  async #inTime(what: Promise<boolean>, problem: string): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => {
        this.#thrown.problems.push(problem)
        resolve(false)
      }, patienceMs)
    })
    const outcome = await Promise.race([what, late])
    clearTimeout(timer)
    return outcome
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    for (;;) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(
        /Content-Length: (\d+)/.exec(this.#bytes.toString('latin1', 0, end))?.[1],
      )
      if (this.#bytes.length < end + 4 + length) return
      this.#hear(this.#bytes.toString('utf8', end + 4, end + 4 + length))
      this.#bytes = this.#bytes.subarray(end + 4 + length)
    }
  }

  #hear(text: string): void {
    const message = JSON.parse(text)
    if (message.method !== undefined) return
    const { id, error, result } = message
    this.#thrown.answers++
    const code = error?.code ?? 0
    this.#thrown.codes.set(code, (this.#thrown.codes.get(code) ?? 0) + 1)
    if (code === 50_000) {
      this.#thrown.problems.push(`incident ${error?.data?.incident}: ${error?.message}`)
    }
    if (code !== 0 && typeof error?.data?.kind !== 'string') {
      this.#thrown.problems.push(`an error without a kind: ${text.slice(0, 200)}`)
    }
    this.#learn(result)
    this.#waiting.get(String(id))?.(true)
    this.#waiting.delete(String(id))
  }

  #learn(result: { readonly token?: unknown; readonly next?: unknown } | null | undefined): void {
    const { tokens, cursors } = this.#learned
    if (typeof result?.token === 'string') tokens.push(result.token)
    if (typeof result?.next === 'string') cursors.push(result.next)
    if (tokens.length > learnedMax) tokens.shift()
    if (cursors.length > learnedMax) cursors.shift()
  }
}

const learnedMax = 50
