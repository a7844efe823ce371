/** A line of the route table: a declared request and what serves it. */
import type { z } from 'zod'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import type { RequestContext } from './request-context.ts'

/** Calls another method on behalf of the same request, with its own parsing and rights. */
export type CallMethod = (method: string, params: unknown) => unknown

/** A request and its handler, whose parameters dispatch has parsed by the request's own schema. */
export interface Route {
  readonly definition: RequestDefinition
  handle(params: unknown, context: RequestContext, call: CallMethod): unknown
}

/** What serves a request; returns the result or a promise of it, or throws an `OrionError`. */
export type Handler<P extends z.ZodType, R extends z.ZodType> = (
  params: z.output<P>,
  context: RequestContext,
  call: CallMethod,
) => z.output<R> | Promise<z.output<R>>

/** What serves one declared request. */
export type Serves<D extends { readonly params: z.ZodType; readonly result: z.ZodType }> = Handler<
  D['params'],
  D['result']
>

/** Joins a declaration and its handler; the compiler checks that they fit. */
export function route<P extends z.ZodType, R extends z.ZodType>(
  definition: RequestDefinition<P, R>,
  handle: Handler<P, R>,
): { readonly definition: RequestDefinition<P, R>; handle: Handler<P, R> } {
  return { definition, handle }
}
