/** Plays a kept transcript of the protocol against the present daemon: what was promised once is still so. */
import { readFileSync } from 'node:fs'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import type { WireClient } from '../support/wire-client.ts'

/** What a client sent, and what it was told. */
export interface Exchange {
  readonly send: { readonly method: string; readonly params?: Json }
  /** The answer, or an error without its message, which is for people and may be said better. */
  readonly answer: { readonly result: Json } | { readonly error: JsonObject }
  /** The events that it led to. */
  readonly events: readonly Json[]
}

/** A session that was kept. */
export interface Transcript {
  readonly protocol: number
  readonly exchanges: readonly Exchange[]
}

/** A request of a session; `events` is how many it leads to. */
export interface Step {
  readonly method: string
  readonly params?: Json
  readonly events?: number
}

/** The requests of a transcript. */
export function stepsOf({ exchanges }: Transcript): Step[] {
  return exchanges.map(({ send, events }) => ({ ...send, events: events.length }))
}

/** Reads a transcript. */
export function readTranscript(path: string): Transcript {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** Sends what a transcript says, one after the other; what came, in the same form. */
export async function play(client: WireClient, steps: readonly Step[]): Promise<Exchange[]> {
  const names = new Names()
  const exchanges: Exchange[] = []
  for (const { method, params, events: more = 0 } of steps) {
    const given = params === undefined ? undefined : names.given(params)
    const before = client.events().length
    const { error, result } = await client.answer(client.send(method, given))
    if (error !== undefined && more > 0) {
      throw new Error(`${method} was to lead to ${more} events, and is refused: ${error.message}`)
    }
    await client.until(() => client.events().length >= before + more)
    exchanges.push({
      send: { method, ...(params === undefined ? {} : { params }) },
      answer:
        error === undefined
          ? { result: names.kept(result) }
          : { error: { code: error.code, data: names.kept(error.data) } },
      events: client
        .events()
        .slice(before)
        .map((event) => names.kept(event)),
    })
  }
  return exchanges
}

/**
 * Where a present answer is less than the one that was kept: a member that is gone or different, a list of another length.
 * Members that came since are fine.
 */
export function lost(kept: Json | undefined, now: Json | undefined, path = ''): string[] {
  if (isJsonObject(kept) && isJsonObject(now)) {
    return Object.entries(kept).flatMap(([name, value]) =>
      lost(value, now[name], `${path}.${name}`),
    )
  }
  if (Array.isArray(kept) && Array.isArray(now) && kept.length === now.length) {
    return kept.flatMap((value, index) => lost(value, now[index], `${path}[${index}]`))
  }
  return JSON.stringify(kept) === JSON.stringify(now)
    ? []
    : [`${path}: ${JSON.stringify(kept)} became ${JSON.stringify(now)}`]
}

/** Members that differ in every session, by the names that stand for them in a transcript. */
const volatile: { readonly [member: string]: string } = {
  token: 'token',
  floor: 'token',
  next: 'cursor',
  positionToken: 'token',
  instanceId: 'instance',
  storeId: 'store',
  epoch: 'epoch',
  subscriptionId: 'subscription',
}
/** Members whose values change with time, with the version of the program, or with how well it says something. */
const passing: ReadonlySet<string> = new Set([
  'at',
  'createdAt',
  'updatedAt',
  'changedAt',
  'retryAfterMs',
  'seq',
  'txn',
  'firstSeq',
  'lastSeq',
  'server',
  'serverInfo',
  'limits',
  'jsonSchema',
  'remedy',
  'message',
])

/** Names for texts that differ from session to session, the same one for the same text. */
class Names {
  readonly #names = new Map<string, string>()
  readonly #texts = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** A value with names in place of the texts: as it is kept. */
  kept(value: Json, member = ''): Json {
    if (Array.isArray(value)) {
      const each = member === 'subscriptionIds' ? 'subscriptionId' : member
      return value.map((one) => this.kept(one, each))
    }
    if (isJsonObject(value)) {
      return Object.fromEntries(
        Object.entries(value).flatMap(([name, one]) =>
          passing.has(name) ? [[name, '…']] : [[name, this.kept(one, name)]],
        ),
      )
    }
    const kind = volatile[member]
    return kind === undefined || typeof value !== 'string' ? value : this.#name(kind, value)
  }

  /** A value with the texts of this session in place of the names: as it is sent. */
  given(value: Json): Json {
    if (Array.isArray(value)) return value.map((one) => this.given(one))
    if (isJsonObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.given(one)]))
    }
    return typeof value === 'string' ? (this.#texts.get(value) ?? value) : value
  }

  #name(kind: string, text: string): string {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const name = `<${kind} ${count}>`
    this.#names.set(text, name)
    this.#texts.set(name, text)
    return name
  }
}
