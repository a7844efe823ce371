/** Several principals of one store, each with a token of his own. */
import type { TestContext } from 'node:test'
import type { Scope } from '../../sdk/protocol/schemas.ts'
import { startDaemon, type TestDaemon, type TestDaemonOptions } from './daemon.ts'
import type { Parsed, WireClient } from './wire-client.ts'

/** A daemon and those who use it. */
export interface People extends TestDaemon {
  readonly owner: WireClient
  /** May read and propose. */
  readonly agent: WireClient
  readonly agentToken: string
  /** May read, propose and approve; so may `other`. */
  readonly reviewer: WireClient
  readonly other: WireClient
  /** Connects with a fresh token of that name. */
  person(name: string, scopes: readonly Scope[], types?: readonly string[]): Promise<WireClient>
  tokenOf(name: string, scopes: readonly Scope[], types?: readonly string[]): Promise<string>
}

/** Starts a daemon with an owner, an agent and two reviewers. */
export async function startPeople(
  t: TestContext,
  options: TestDaemonOptions = {},
): Promise<People> {
  const daemon = await startDaemon(t, options)
  const owner = await daemon.connect()
  const tokenOf: People['tokenOf'] = async (name, scopes, types) => {
    const asked = { name, scopes, ...(types === undefined ? {} : { types }) }
    return (await owner.call('token/create', asked)).token
  }
  const person: People['person'] = async (name, scopes, types) =>
    daemon.connect({ token: await tokenOf(name, scopes, types) })
  const agentToken = await tokenOf('agent:a', ['read', 'propose'])
  const agent = await daemon.connect({ token: agentToken })
  const reviewer = await person('rita', ['read', 'propose', 'approve'])
  const other = await person('otto', ['read', 'propose', 'approve'])
  return { ...daemon, owner, agent, agentToken, reviewer, other, person, tokenOf }
}

/** An operation that creates a note. */
export const createNote = (id: string, title = 'proposed'): Parsed => ({
  op: 'create',
  type: 'Note',
  id,
  data: { title },
})

/** The stored proposal. */
export async function stored(client: WireClient, id: string): Promise<Parsed> {
  return await client.call('record/get', { type: 'Proposal', id })
}
