/** How a message is declared: once, here in the sdk, and used by both sides. */
import { NotificationType, RequestType } from 'vscode-jsonrpc'
import { z } from 'zod'
import type { Scope } from './schemas.ts'

/** A request: its method, what its parameters and its result look like, and the scope it needs. */
export interface RequestDefinition<
  P extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  readonly method: string
  readonly params: P
  readonly result: R
  readonly type: RequestType<z.input<P>, z.output<R>, unknown>
  /** One sentence for people; it stands in the generated documents. */
  readonly summary: string
  /** What a connection must be allowed to do; undefined when anybody may ask. */
  readonly scope: Scope | undefined
  /** For which record types it must be allowed that. */
  readonly reach: Reach
  /** What these parameters need, when `reach` is `named`; nothing otherwise. */
  needs(params: z.output<P>): readonly Need[]
}

/**
 * For which record types a request needs its scope: for `all` of them (the default, so that a request that forgot to
 * say it is refused), for those that its parameters have `named`, or for `some`: what is about the others is left out
 * of the answer.
 */
export type Reach = 'all' | 'named' | 'some'

/** A scope, and the record type, or the first word of a topic, that it has to hold for. */
export interface Need {
  readonly scope: Scope
  readonly type: string
}

/** The parameters of a request as its caller writes them. */
export type ParamsOf<D extends RequestDefinition> = z.input<D['params']>
/** The result of a request as its caller reads it. */
export type ResultOf<D extends RequestDefinition> = z.output<D['result']>

/** A notification: its method and what its parameters look like. */
export interface NotificationDefinition<P extends z.ZodType = z.ZodType> {
  readonly method: string
  readonly params: P
  readonly type: NotificationType<z.input<P>>
  readonly summary: string
  readonly direction: 'to daemon' | 'to client' | 'both'
}

/** What `defineRequest` is told about a request beside its method. */
export interface RequestParts<P extends z.ZodType, R extends z.ZodType> {
  readonly params: P
  readonly result: R
  readonly summary: string
  readonly scope?: Scope
  /** `some` when the handler leaves out what the connection may not see. */
  readonly reach?: 'some'
  /** What the parameters need; makes the reach `named`. */
  readonly needs?: (params: z.output<P>) => readonly Need[]
}

/** Declares a request. */
export function defineRequest<P extends z.ZodType, R extends z.ZodType>(
  method: string,
  parts: RequestParts<P, R>,
): RequestDefinition<P, R> {
  const { params, result, summary, scope, needs = () => [] } = parts
  const reach = parts.needs === undefined ? (parts.reach ?? 'all') : 'named'
  const type: RequestDefinition<P, R>['type'] = new RequestType(method)
  return { method, params, result, summary, scope, reach, needs, type }
}

/** Declares a notification. */
export function defineNotification<P extends z.ZodType>(
  method: string,
  parts: { params: P; summary: string; direction: NotificationDefinition['direction'] },
): NotificationDefinition<P> {
  return { method, ...parts, type: new NotificationType(method) }
}

/** Parameters of a request that takes none; whatever comes is ignored. */
export const noParams = z.object({}).optional()

/** The result of a request that answers nothing. */
export const noResult = z.null()
