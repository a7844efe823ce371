/** Record types: which there are, and how one is defined. */
import type { z } from 'zod'
import type * as protocol from '../../../sdk/protocol/types.ts'
import type { StoreApi } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'
import { readableTypes } from '../rights.ts'

/** The record types of the store that the caller may read. */
export const list = (
  params: z.output<typeof protocol.ListTypes.params>,
  context: RequestContext,
): ReturnType<StoreApi['listTypes']> => {
  const only = readableTypes(context.session.rights)
  const asked = { ...params, ...(only === undefined ? {} : { only }) }
  return context.services.store.listTypes(asked, context)
}

/** The whole definition of one. */
export const get = (
  params: z.output<typeof protocol.GetType.params>,
  context: RequestContext,
): ReturnType<StoreApi['getType']> => context.services.store.getType(params.type)

/** Adds one, or fields to one. */
export const define = (
  params: z.output<typeof protocol.DefineType.params>,
  context: RequestContext,
): ReturnType<StoreApi['defineType']> => context.services.store.defineType(params, context)

/** Runs the migrations that one lacks; given up, before it is decided, when the client is gone. */
export const migrate = async (
  params: z.output<typeof protocol.MigrateType.params>,
  context: RequestContext,
): ReturnType<StoreApi['migrateType']> => {
  const { store } = context.services
  const { workDoneToken: token } = params
  if (token === undefined) return await store.migrateType(params, context)
  const tell = (value: object): void => context.session.notify('$/progress', { token, value })
  tell({ kind: 'begin', title: `Migrating ${params.type}`, cancellable: true, percentage: 0 })
  let toldMs = 0
  try {
    return await store.migrateType(params, context, ({ stage, done, total }) => {
      const now = performance.now()
      if (stage !== 'backup' && stage !== 'switching' && now - toldMs < progressEveryMs) return
      toldMs = now
      const percentage = total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total))
      tell({ kind: 'report', message: stage, percentage, done, total })
    })
  } finally {
    tell({ kind: 'end' })
  }
}

/** What happened to one. */
export const history = (
  params: z.output<typeof protocol.TypeHistory.params>,
  context: RequestContext,
): ReturnType<StoreApi['typeHistory']> => context.services.store.typeHistory(params)

/** Between two reports of one piece of work. */
const progressEveryMs = 100
