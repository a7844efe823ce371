import { DaemonStatus, ListTypes, parseToken } from '../../../sdk/index.ts'
import type { Actor } from '../actor.ts'
import type { StartFacts } from '../facts.ts'
import type { Production } from '../production.ts'
import { WatchingEditor } from '../watching-editor.ts'

/** What the first act leaves to the others. */
export interface Opening {
  readonly start: StartFacts
  readonly editor: WatchingEditor
  readonly agent: Actor<'agent'>
}

/** A first client starts the daemon of a new store; an editor begins to watch, an agent to wait. */
export async function opening(production: Production): Promise<Opening> {
  const { stage, place } = production
  stage.act('A new store, its daemon, and two who watch it')
  const began = performance.now()
  const { status, types } = await production.look(async (client) => ({
    status: await client.request(DaemonStatus, {}),
    types: (await client.request(ListTypes, { count: true })).types,
  }))
  const readyMs = performance.now() - began
  const { pid, mode, instanceId, store, token, engine } = status
  stage.say('daemon', `process ${pid}, started by the first client that asked, owns a new store`)
  stage.detail('store', store.path)
  stage.detail('engine', `${engine.name}, SQLite ${engine.sqliteVersion}`)
  stage.detail('durable', engine.durability)
  const editor = new WatchingEditor(production)
  const agent = production.cast('agent')
  const { principal } = await editor.actor.next('watching')
  stage.say('editor', `as ${principal}, plain JSON-RPC through orion stdio: watches every topic`)
  const narrowed = await agent.next('ready')
  const scopes = narrowed.scopes.join(' and ')
  stage.say('agent', `as ${narrowed.principal}, with no more than ${scopes}: waits for job results`)
  const start: StartFacts = {
    pid,
    readyMs,
    mode,
    instanceId,
    storeId: store.storeId,
    epoch: store.epoch,
    seq: parseToken(token)?.seq ?? Number.NaN,
    records: types.reduce((sum, { count = 0 }) => sum + count, 0),
    recordTypes: types.length,
    processes: place.daemons().length,
    agentScopes: narrowed.scopes,
  }
  return { start, editor, agent }
}
