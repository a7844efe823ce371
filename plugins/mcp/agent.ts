import { createHash, randomUUID } from 'node:crypto'
import type { Client } from '../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../sdk/client/connect.ts'
import { isOrionError, OrionError } from '../../sdk/errors.ts'
import { fieldsShape } from '../../sdk/field-shape.ts'
import { canonicalJson, type Json, type JsonObject } from '../../sdk/json.ts'
import type { Record, Version } from '../../sdk/model.ts'
import type { TransactOperation } from '../../sdk/protocol/records.ts'
import type { Scope } from '../../sdk/protocol/schemas.ts'
import { GetType } from '../../sdk/protocol/types.ts'
import { claimsOf } from './claims.ts'
import { foldText } from './fold-text.ts'
import { News } from './news.ts'
import { RecentMap } from './recent-map.ts'
import type { TypeOutline } from './record-text.ts'

/** How an agent reaches its store. */
export type AgentOptions = Omit<ConnectOptions, 'client' | 'narrow' | 'claims'> & {
  readonly env: NodeJS.ProcessEnv
  readonly version: string
}

/** The program at the other end of the MCP connection. */
export interface AgentProgram {
  readonly name: string
  readonly version?: string | undefined
}

/**
 * One agent at work: its way to the store, and what it has seen, so that it need not say it again.
 *
 * It connects when it is first asked something. It is `agent:<client>`, may read, write and propose, and can never approve;
 * a token may give it another name and fewer rights.
 */
export class Agent {
  readonly #options: AgentOptions
  readonly #sessionId = randomUUID()
  /** What was shown last of each record, by `type/id`. */
  readonly #seen = new RecentMap<Seen>(seenMax)
  /** Records by the texts that were read in them. */
  readonly #recalled = new RecentMap<string>(recalledMax)
  readonly #looks = new RecentMap<Promise<string | undefined>>(seenMax)
  readonly #work = new RecentMap<TransactOperation[]>(pagesMax)
  readonly #pages = new RecentMap<Page>(pagesMax)
  readonly #types = new Map<string, { readonly outline: TypeOutline; readonly atMs: number }>()
  #connecting: Promise<Connected> | undefined
  readonly #ended = new AbortController()
  #pageCount = 0

  constructor(options: AgentOptions) {
    this.#options = options
  }

  /** The connection to the store; tried anew at the next call if it fails. */
  async connect(program: () => AgentProgram): Promise<Connected> {
    this.#connecting ??= this.#connect(program())
    try {
      return await this.#connecting
    } catch (error) {
      this.#connecting = undefined
      throw error
    }
  }

  /** Notes that a record was shown, so that a write may be based on it, and its texts are known for what they are. */
  note(record: Pick<Record, 'type' | 'id' | 'version'> & { readonly data?: JsonObject }): void {
    const { type, id, version, data } = record
    const name = `${type}/${id}`
    const before = this.#seen.get(name)
    const isKnown = before?.version === version && before.isRead
    this.#seen.set(name, { version, isRead: isKnown || data !== undefined })
    if (isKnown || data === undefined) return
    for (const value of Object.values(data)) {
      if (typeof value !== 'string' || value.length > textMaxLength) continue
      const text = foldText(value)
      if (text.length >= textMinLength) this.#recalled.set(text, name)
    }
  }

  /**
   * Notes that this session wrote a record. Its next update may be based on that only if it has seen all else that is in
   * the record: operators are applied to versions that others made meanwhile, and a repeated call is answered as it was.
   *
   * @param base - The version that the write was based on, if it named one.
   */
  noteWritten(record: Pick<Record, 'type' | 'id' | 'version'>, base = 0): void {
    const seen = this.versionSeen(record.type, record.id) ?? 0
    if (record.version > seen && record.version <= Math.max(seen, base) + 1) this.note(record)
  }

  /** The record in which this session read a text, if it did. */
  recalledFrom(text: string): string | undefined {
    return this.#recalled.get(foldText(text))
  }

  /** The version in which a record was shown last; undefined if it was not. */
  versionSeen(type: string, id: string): Version | undefined {
    return this.#seen.get(`${type}/${id}`)?.version
  }

  /**
   * Looks for what speaks against a write, once for equal calls: whoever repeats one that was let pass finds what it stored
   * itself.
   */
  once(key: string, look: () => Promise<string | undefined>): Promise<string | undefined> {
    const known = this.#looks.get(key)
    if (known !== undefined) return known
    const found = look()
    this.#looks.set(key, found)
    const forget = (): void => this.#looks.delete(key)
    found.then((objection) => objection !== undefined && forget(), forget)
    return found
  }

  /** What a call with a name of its own did when it was made before, so that its repetition is the same work. */
  workOf(name: string): TransactOperation[] | undefined {
    return this.#work.get(name)
  }

  /** Keeps what a call with a name of its own has done. */
  keepWork(name: string, work: TransactOperation[]): void {
    this.#work.set(name, work)
  }

  /** A short name for what goes on after a page: the daemon's own cursor costs a model hundreds of tokens. */
  keepPage(page: Page): string {
    const name = `p${++this.#pageCount}`
    this.#pages.set(name, page)
    return name
  }

  /** What a short name stands for; undefined if it is unknown or was too long ago. */
  page(name: string): Page | undefined {
    return this.#pages.get(name)
  }

  /**
   * The key under which a write is known: with the client's own name for the call it is the same when the call is
   * repeated, also by another process; else it is the same for the same arguments in this session.
   */
  idempotencyKey(tool: string, args: Json, callId: string | undefined): string {
    const call = callId === undefined ? this.#sessionId : `call ${callId}`
    const text = `${tool}\n${call}\n${canonicalJson(args)}`
    return `mcp-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`
  }

  /** The fields of a record type, as of at most half a minute ago. */
  async typeOutline(client: Client, type: string, signal: AbortSignal): Promise<TypeOutline> {
    const known = this.#types.get(type)
    if (known !== undefined && performance.now() - known.atMs < outlineMaxAgeMs)
      return known.outline
    const { name, fields } = await client.request(GetType, { type }, { signal })
    const outline = { name, fields: fieldsShape.safeParse(fields).data ?? {} }
    if (this.#types.size > typesMax) this.#types.clear()
    this.#types.set(type, { outline, atMs: performance.now() })
    return outline
  }

  /** Ends the connection. Safe to repeat. */
  async close(): Promise<void> {
    this.#ended.abort()
    const connected = await this.#connecting?.catch(() => undefined)
    await connected?.client.close()
  }

  async #connect(program: AgentProgram): Promise<Connected> {
    const client = await this.#connectWith(program, agentScopes)
    try {
      return { client, news: await News.open(client, this.#ended.signal) }
    } catch (error) {
      await client.close()
      throw error
    }
  }

  /** Nobody may ask for a scope that his token does not have: it is done without those. */
  async #connectWith(program: AgentProgram, scopes: Scope[]): Promise<Client> {
    const { version, ...options } = this.#options
    const name = program.name.replace(/[^\w.-]+/g, '-').slice(0, 64) || 'unknown'
    try {
      return await connect({
        ...options,
        client: { name, version: program.version ?? version, kind: 'agent' },
        narrow: {
          scopes,
          ...(options.token === undefined ? { principal: `agent:${name}` } : {}),
        },
        claims: claimsOf(options.env, name),
        timeoutMs: callTimeoutMs,
        signal: this.#ended.signal,
      })
    } catch (error) {
      const missing = isOrionError(error, 'forbidden') ? error.data.needs : undefined
      const rest = scopes.filter((scope) => scope !== missing)
      if (rest.length === scopes.length) throw error
      if (rest.length === 0) {
        throw new OrionError(
          'forbidden',
          `expected a token with one of the scopes ${agentScopes.join(', ')}, got one without`,
          { needs: 'read' },
        )
      }
      return await this.#connectWith(program, rest)
    }
  }
}

/** An agent's open way to its store. */
export interface Connected {
  readonly client: Client
  readonly news: News
}

/** In which version a record was shown, and whether its texts were. */
interface Seen {
  readonly version: Version
  readonly isRead: boolean
}

/** What goes on after a page, and the question it was the answer to. */
export interface Page {
  readonly after: string
  readonly args: Json
}

/** What an agent may at most. */
const agentScopes: Scope[] = ['read', 'write', 'propose', 'publish']

const callTimeoutMs = 30_000
const outlineMaxAgeMs = 30_000
const seenMax = 10_000
const pagesMax = 200
const recalledMax = 2_000
/** Shorter texts are names and states, which many records have in common. */
const textMinLength = 20
const textMaxLength = 4_000
const typesMax = 200
