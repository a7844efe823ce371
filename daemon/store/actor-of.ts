/** On whose behalf something is done. */
import type { Actor } from '../../sdk/model.ts'
import type { Caller } from './store-api.ts'

/** What of a caller is kept with what he writes. */
export type Author = Pick<Caller, 'principal' | 'client' | 'claims' | 'scopes'>

/** The actor of what this caller writes. */
export function actorOf({ principal, client, claims, scopes }: Author): Actor {
  return {
    principal,
    client,
    ...(scopes === undefined ? {} : { scopes }),
    ...(claims === undefined ? {} : { claims }),
  }
}

/** The daemon itself, which is asked by nobody and may see everything. */
export const daemonCaller: Caller = { principal: 'daemon', client: 'orion', mayRead: () => true }
