/** What a running daemon knows of its store, for completing a word; without one, what comes with Orion. */

import type { CallOptions } from '../../../sdk/client/caller.ts'
import type { Client } from '../../../sdk/client/client.ts'
import { connect } from '../../../sdk/client/connect.ts'
import type { FieldDefinitions } from '../../../sdk/field.ts'
import { fieldsShape } from '../../../sdk/field-shape.ts'
import { ListPlugins } from '../../../sdk/protocol/plugins.ts'
import { ListRecords } from '../../../sdk/protocol/records.ts'
import { GetType, ListTypes } from '../../../sdk/protocol/types.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { connectOptions } from '../store-client.ts'
import { jsonProposals } from './json-proposals.ts'
import type { Completing, JsonUse } from './proposals.ts'

/** How long a person who pressed a key waits for a daemon, in milliseconds. */
const daemonMs = 300
/** Most ids that are proposed. */
const idsMax = 50

/** Asks the daemon of a store, if one runs; it never starts one. Nothing of it fails: what is not known is not proposed. */
export class StoreKnowledge implements Completing {
  readonly #cli: Cli
  readonly #flags: GlobalFlags
  readonly #words: readonly string[]
  readonly #options: CallOptions
  #connected: Promise<Client | undefined> | undefined

  /** @param words - The words of the command line before the one that is completed. */
  constructor(cli: Cli, { flags, words }: { flags: GlobalFlags; words: readonly string[] }) {
    this.#cli = cli
    this.#flags = flags
    this.#words = words
    this.#options = { signal: AbortSignal.timeout(daemonMs) }
  }

  async types(): Promise<readonly string[]> {
    const told = await this.#ask((client) => client.request(ListTypes, {}, this.#options))
    if (told !== undefined) return told.types.map(({ name }) => name)
    return (await this.#cli.plugins.recordTypes()).map(({ name }) => name)
  }

  async ids(partial: string, type?: string): Promise<readonly string[]> {
    const of = type ?? (await this.#type())
    if (of === undefined) return []
    // By a range of ids, which their index serves, where a text to begin with would look at every record.
    const where = { id: { gte: partial, lte: `${partial}\u{10ffff}` } }
    const narrowed =
      partial === '' ? {} : { where, orderBy: [{ field: 'id', direction: 'asc' as const }] }
    const page = { type: of, limit: idsMax, fields: [], ...narrowed }
    const told = await this.#ask((client) => client.request(ListRecords, page, this.#options))
    return (told?.records ?? []).map(({ id }) => id).filter((id) => !id.startsWith('-'))
  }

  async fields(which?: 'references' | 'optional'): Promise<readonly string[]> {
    const entries = Object.entries(await this.#fields())
    const wanted = entries.filter(([, field]) => {
      const held = field.kind === 'list' ? field.items : field
      if (which === 'references') return held.kind === 'reference'
      return which === undefined || (field.optional && !field.managed)
    })
    return wanted.map(([name]) => name)
  }

  async json(partial: string, use: JsonUse): Promise<readonly string[]> {
    return jsonProposals(partial, await this.#fields(), use)
  }

  async topics(): Promise<readonly string[]> {
    const types = await this.types()
    const facts = ['*', 'created', 'updated', 'deleted', 'restored', 'archived', 'purged']
    return types.flatMap((type) => facts.map((fact) => `${type}.${fact}`))
  }

  async plugins(): Promise<readonly string[]> {
    const told = await this.#ask((client) => client.request(ListPlugins, {}, this.#options))
    return (told?.plugins ?? []).map(({ name }) => name)
  }

  /** Ends the connection, if there is one. */
  async close(): Promise<void> {
    await (await this.#connected)?.close()
  }

  /** The first record type that the command line names. */
  async #type(): Promise<string | undefined> {
    const known = new Set(await this.types())
    return this.#words.flatMap((word) => word.split(/[,=]/)).find((word) => known.has(word))
  }

  async #fields(): Promise<FieldDefinitions> {
    const type = await this.#type()
    if (type === undefined) return {}
    const told = await this.#ask((client) => client.request(GetType, { type }, this.#options))
    if (told !== undefined) return fieldsShape.safeParse(told.fields).data ?? {}
    const bundled = await this.#cli.plugins.recordTypes()
    return bundled.find(({ name }) => name === type)?.definition?.fields ?? {}
  }

  async #ask<T>(ask: (client: Client) => Promise<T>): Promise<T | undefined> {
    try {
      this.#connected ??= this.#connect()
      const client = await this.#connected
      return client === undefined ? undefined : await ask(client)
    } catch {
      return undefined // The person is typing: whatever it is, the command will say it.
    }
  }

  async #connect(): Promise<Client | undefined> {
    try {
      return await connect({
        ...connectOptions(this.#cli, this.#flags),
        ...this.#options,
        daemon: 'join-only',
        timeoutMs: daemonMs,
      })
    } catch {
      return undefined // None runs, it is busy, or it wants another token.
    }
  }
}
