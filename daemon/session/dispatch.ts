/**
 * From a request to its answer: parses the parameters, authorises, calls the handler, maps errors. Nothing else
 * in the daemon does these four.
 */
import { randomUUID } from 'node:crypto'
import { ResponseError } from 'vscode-jsonrpc'
import type { z } from 'zod'
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { type Issue, isOrionError, isRetryable, OrionError } from '../../sdk/errors.ts'
import {
  BackupStore,
  DaemonStatus,
  HandOverDaemon,
  ShutdownDaemon,
} from '../../sdk/protocol/daemon.ts'
import { errorCodes, lspCancelled } from '../../sdk/protocol/error-codes.ts'
import { Discover, ExecuteCommand, Initialize, Shutdown } from '../../sdk/protocol/handshake.ts'
import { operationsMax, pageMax } from '../../sdk/protocol/records.ts'
import { MigrateType } from '../../sdk/protocol/types.ts'
import { CheckStore, ListBackups, RestoreStore } from '../../sdk/protocol/upkeep.ts'
import type { Log } from '../log.ts'
import { afterItsHooks, assertMayFollow } from './plugin-requests.ts'
import type { RequestContext } from './request-context.ts'
import { authorise, holds } from './rights.ts'
import type { CallMethod, Route } from './route.ts'

/** Serves requests by the route table. */
export class Dispatcher {
  readonly #routes: ReadonlyMap<string, Route>
  readonly #log: Log

  constructor(routes: readonly Route[], log: Log) {
    this.#routes = new Map(routes.map((route) => [route.definition.method, route]))
    this.#log = log
  }

  /**
   * The answer to a request: its result, or the error to send. Never throws or rejects.
   *
   * The handler is called before this returns, so that requests are served in the order they came, and all
   * writes of one turn of the event loop reach the store in that turn.
   */
  dispatch(raw: unknown, context: RequestContext): unknown {
    try {
      context.session.assertServing(context.method)
      const result = this.#call(context.method, raw, context)
      if (result instanceof Promise) return this.#whenKnown(result, context)
      context.finish(context)
      return result
    } catch (error) {
      context.finish(context)
      return this.#toResponse(error, context)
    }
  }

  /** One step for the result and the end of the request: each further promise would cost every request. */
  #whenKnown(result: Promise<unknown>, context: RequestContext): Promise<unknown> {
    return result.then(
      (value) => {
        context.finish(context)
        // What was done is told; what was only read is not for somebody who has lost the right to.
        if (!context.session.expelled || !this.endsWithConnection(context.method)) return value
        return this.#toResponse(expelled(), context)
      },
      (error: unknown) => {
        context.finish(context)
        const late = context.session.expelled && isOrionError(error, 'cancelled')
        return this.#toResponse(late ? expelled() : error, context)
      },
    )
  }

  /** Whether a request is given up when its connection closes: it only looks or copies, or has decided nothing yet. */
  endsWithConnection(method: string): boolean {
    return (
      method === BackupStore.method ||
      method === CheckStore.method ||
      method === MigrateType.method ||
      this.#routes.get(method)?.definition.scope === 'read'
    )
  }

  #call(method: string, raw: unknown, context: RequestContext): unknown {
    const route = this.#routes.get(method)
    if (route === undefined) throw this.#methodNotFound(method)
    const maintenance = context.services.control.maintenance()
    if (maintenance !== undefined && !servedInMaintenance.has(method)) throw maintenance
    assertListsBounded(raw)
    const parsed = parseParams(route.definition.params, raw)
    authorise(context.session.rights, route.definition, parsed)
    assertMayFollow(context, parsed)
    const call: CallMethod = (inner, args) => {
      context.callsCommand(inner)
      return this.#call(inner, args, context)
    }
    const held = afterItsHooks(context, route.definition)
    if (held === undefined) return route.handle(parsed, context, call)
    return held.then(() => route.handle(parsed, context, call))
  }

  #methodNotFound(method: string): OrionError {
    const meant = didYouMean(method, this.#routes.keys())
    const shown = method.length <= 80 ? method : `${method.slice(0, 80)}…`
    return new OrionError('method_not_found', `there is no method ${shown}`, {
      ...(meant === undefined ? {} : { didYouMean: meant }),
      remedy: 'rpc.discover lists the methods',
    })
  }

  #toResponse(error: unknown, context: RequestContext): ResponseError<object> {
    if (isOrionError(error)) {
      const { kind } = error
      const data = withoutUnreadable(error, context)
      const lsp = kind === 'cancelled' && context.session.isLanguageClient
      const code = lsp ? lspCancelled : errorCodes[kind]
      return new ResponseError(code, error.message, { kind, retryable: isRetryable(kind), ...data })
    }
    const incident = randomUUID()
    const { method, session } = context
    this.#log.error('a request failed on a bug', {
      incident,
      method,
      connection: session.connectionId,
      error,
    })
    return new ResponseError(errorCodes.internal, `internal error, incident ${incident}`, {
      kind: 'internal',
      retryable: false,
      incident,
      remedy: `report it with the lines of the daemon's log that hold ${incident}`,
    })
  }
}

function expelled(): OrionError<'unauthenticated'> {
  return new OrionError('unauthenticated', 'the token ended before the request took effect', {
    remedy: 'ask the owner of the store for another token: `orion token create`',
  })
}

/** What is like the name that came may be the name of a type that the caller must not know of. */
function withoutUnreadable({ data }: OrionError, { session }: RequestContext): object {
  if (session.rights.whole || !('didYouMean' in data) || !('type' in data)) return data
  const { didYouMean: meant, remedy: _remedy, ...rest } = data
  return holds(session.rights, { scope: 'read', type: String(meant) }) ? data : rest
}

/** Most items of a list among the parameters, whatever it is of: the longest that any method takes. */
const listMax = Math.max(pageMax, operationsMax)

/** Before the items are looked at: a schema checks all of them before it counts them. */
function assertListsBounded(raw: unknown): void {
  if (typeof raw !== 'object' || raw === null) return
  for (const [name, value] of Object.entries(raw)) {
    if (!Array.isArray(value) || value.length <= listMax) continue
    const actual = value.length
    throw new OrionError(
      'too_large',
      `${name.slice(0, 80)}: expected at most ${listMax} items, got ${actual}`,
      {
        limit: listMax,
        actual,
        remedy: 'ask in several requests',
      },
    )
  }
}

/** What is served when the store can't be read: what says so, and what mends it. */
const servedInMaintenance: ReadonlySet<string> = new Set([
  Initialize.method,
  Shutdown.method,
  Discover.method,
  ExecuteCommand.method,
  DaemonStatus.method,
  ShutdownDaemon.method,
  HandOverDaemon.method,
  ListBackups.method,
  RestoreStore.method,
  CheckStore.method,
])

const issuesMax = 20
const issueMaxLength = 500

function parseParams(schema: z.ZodType, raw: unknown): unknown {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const issues: Issue[] = parsed.error.issues.slice(0, issuesMax).map((issue) => ({
    path: issue.path.map(String).join('.').slice(0, issueMaxLength),
    message: issue.message.slice(0, issueMaxLength),
  }))
  const [first] = issues
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `
  throw new OrionError('invalid_params', `${where}${first?.message ?? 'wrong parameters'}`, {
    issues,
    remedy: 'rpc.discover has the schema of the parameters',
  })
}
