/** One request under way: who asks, and whether the answer is still wanted. */
import type { CancellationToken } from 'vscode-jsonrpc'
import type { Claims } from '../../sdk/model.ts'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import type { Scope } from '../../sdk/protocol/schemas.ts'
import type { GovernedCaller } from '../governance/person.ts'
import type { Channel } from './channel.ts'
import type { ConnectionSubscriptions } from './connection-subscriptions.ts'
import type { Peer } from './handshake.ts'
import { holds, type Rights } from './rights.ts'
import type { Services } from './services.ts'

/** A session as the requests of its connection see it. */
export interface RequestSession {
  readonly connectionId: string
  readonly channel: Channel
  readonly services: Services
  readonly subscriptions: ConnectionSubscriptions
  readonly rights: Rights
  /** `name/version` of the client program. */
  readonly clientText: string
  readonly claims: Claims | undefined
  /** It spoke LSP's own handshake, so it expects LSP's codes. */
  readonly isLanguageClient: boolean
  /** @throws OrionError that says why this request can't be served now, whatever it asks. */
  assertServing(method: string): void
  /** Whether it had rights and lost them. */
  readonly expelled: boolean
  /** Notes who the peer is; from now on it is served. */
  begin(peer: Peer): void
  /** How many more handshakes may fail for want of a proof. */
  readonly triesLeft: number
  /** Notes that the peer has not proved who it is. */
  noteRefusal(): 'go on' | 'no more'
  /** Tells the peer something that belongs to a request. */
  notify(method: string, params: object): void
  /** Closes the connection after the answers of this turn. */
  closeSoon(): void
  /** Ends the work of this connection; `exit` closes it. */
  shutDown(): void
  /** Sends a request to the peer; only plugins answer any. */
  ask(definition: RequestDefinition, params: object, signal: AbortSignal): Promise<unknown>
  /** Closes the connection after what was written. */
  close(): void
}

/**
 * What a handler is given beside its parameters, and what the store takes for the caller.
 *
 * A class with getters, because there is one for each request and few of them are asked for their signal: an
 * abort controller is made only then.
 */
export class RequestContext implements GovernedCaller {
  readonly session: RequestSession
  /** The method of the message; `method` is another one if it calls that as a command. */
  readonly asked: string
  readonly startedMs = performance.now()
  readonly claims?: Claims
  /** Tells the session that the answer is known; dispatch calls it once. */
  readonly finish: (request: RequestContext) => void
  readonly #token: CancellationToken
  /** Changed only in `callsCommand`. */
  #method: string
  #controller: AbortController | undefined
  #closed = false

  constructor(
    session: RequestSession,
    request: {
      readonly method: string
      readonly token: CancellationToken
      readonly finish: (request: RequestContext) => void
    },
  ) {
    this.session = session
    this.asked = request.method
    this.#method = request.method
    this.finish = request.finish
    this.#token = request.token
    if (session.claims !== undefined) this.claims = session.claims
  }

  /** The method that is served, which decides what becomes of the request when its connection ends. */
  get method(): string {
    return this.#method
  }

  /** Notes that it is a command, and so what it really does. */
  callsCommand(method: string): void {
    this.#method = method
  }

  get services(): Services {
    return this.session.services
  }

  get connectionId(): string {
    return this.session.connectionId
  }

  get principal(): string {
    return this.session.rights.principal
  }

  get client(): string {
    return this.session.clientText
  }

  get scopes(): readonly string[] | undefined {
    return this.session.rights.scopeNames
  }

  get mayRead(): (type: string) => boolean {
    return (type) => holds(this.session.rights, { scope: 'read', type })
  }

  get credential(): string {
    return this.session.rights.origin.credential
  }

  get isRenamed(): boolean {
    const { principal, origin } = this.session.rights
    return principal !== origin.principal
  }

  get holds(): GovernedCaller['holds'] {
    return (scope: Scope, type: string) => holds(this.session.rights, { scope, type })
  }

  get heldAtFirst(): GovernedCaller['heldAtFirst'] {
    return (scope: Scope, type: string) => holds(this.session.rights.origin, { scope, type })
  }

  /** Aborts when the client cancels the request, and when the connection of a waiting read closes. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.cancelled) controller.abort()
      else this.#token.onCancellationRequested(() => controller.abort())
    }
    return this.#controller.signal
  }

  /** Whether nobody wants the answer any more. */
  get cancelled(): boolean {
    return this.#closed || this.session.expelled || this.#token.isCancellationRequested
  }

  /** Gives up waiting because the connection is gone. */
  abort(): void {
    this.#closed = true
    this.#controller?.abort()
  }
}
