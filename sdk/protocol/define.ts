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
}

/** Declares a request. */
export function defineRequest<P extends z.ZodType, R extends z.ZodType>(
  method: string,
  parts: RequestParts<P, R>,
): RequestDefinition<P, R> {
  const { params, result, summary, scope } = parts
  return { method, params, result, summary, scope, type: new RequestType(method) }
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
