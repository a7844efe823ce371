/** What a running plugin answers when the daemon asks it about writes and actions. */
import type { z } from 'zod'
import { OrionError } from '../errors.ts'
import { type Instant, parseInstant } from '../instant.ts'
import { jsonObjectOf } from '../json.ts'
import type { Record } from '../model.ts'
import type { ParamsOf, RequestDefinition } from '../protocol/define.ts'
import * as messages from '../protocol/plugin-messages.ts'
import { GetManyRecords } from '../protocol/records.ts'
import type { RecordData, RecordType } from '../record-type.ts'
import type { Action, ActionContext, PreparedAction } from './action.ts'
import type { HookDecision } from './hook.ts'
import type { HookContext } from './plugin-context.ts'
import type { RunningPlugin, Settings } from './running-plugin.ts'

/** Answers one of the daemon's requests. */
export type Answering = (params: unknown, signal: AbortSignal) => Promise<unknown>

/** The answers of a plugin, by method. */
export function answersOf(plugin: RunningPlugin): Map<string, Answering> {
  return new Map([
    answer(messages.RunHook, (params, signal) => runHook(plugin, params, signal)),
    answer(messages.CheckAction, async ({ action, params }) => {
      const prepared = await actionOf(plugin, action).prepare(params ?? {})
      return { issues: prepared.ok ? [] : prepared.issues.map((issue) => ({ ...issue })) }
    }),
    answer(messages.PlanAction, (params, signal) => planAction(plugin, params, signal)),
    answer(messages.FollowAction, async ({ action, params, principal, results }) => {
      const prepared = await prepare(plugin, action, params)
      return { failures: [...(await prepared.afterwards({ principal, results }))] }
    }),
  ])
}

function answer<P extends z.ZodType, R extends z.ZodType>(
  definition: RequestDefinition<P, R>,
  run: (params: z.output<P>, signal: AbortSignal) => Promise<z.input<R>>,
): [string, Answering] {
  return [
    definition.method,
    async (params, signal) => await run(definition.params.parse(params), signal),
  ]
}

async function runHook(
  plugin: RunningPlugin,
  params: z.output<typeof messages.RunHook.params>,
  cancelled: AbortSignal,
): Promise<z.input<typeof messages.RunHook.result>> {
  const { hook: index, timeMaxMs, before, after, ...write } = params
  const hook = plugin.declaration.hooks?.[index]
  if (hook === undefined) throw new OrionError('invalid_request', `there is no hook ${index}`, {})
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(timeMaxMs)])
  const proposed = { ...write, before: before ?? undefined, after: after ?? undefined }
  const decision = await plugin.surroundings.inHook(
    async () => await hook.run(unchecked(proposed), hookContext(plugin, signal)),
  )
  return toAnswer(decision)
}

function toAnswer(decision: HookDecision<object>): z.input<typeof messages.RunHook.result> {
  if (decision === undefined) return {}
  if ('refuse' in decision) {
    const { refuse: message, path } = decision
    return { refuse: { message, ...(path === undefined ? {} : { path }) } }
  }
  const { set, unset } = decision
  return {
    ...(set === undefined ? {} : { set: jsonObjectOf(set) }),
    ...(unset === undefined ? {} : { unset: [...unset] }),
  }
}

function hookContext({ context }: RunningPlugin, signal: AbortSignal): HookContext<Settings> {
  const { plugin, settings, log, client } = context
  return {
    plugin,
    settings,
    log,
    signal,
    get: async <T extends RecordType>(type: T, id: string) => {
      const { records } = await client.request(
        GetManyRecords,
        { keys: [{ type: type.name, id }] },
        { signal },
      )
      return typed<T>(records[0] ?? undefined)
    },
    list: async (type, selection = {}) => {
      const { records } = await client.repository(type).list({ ...selection, signal })
      return records
    },
  }
}

async function planAction(
  plugin: RunningPlugin,
  params: z.output<typeof messages.PlanAction.params>,
  signal: AbortSignal,
): Promise<z.input<typeof messages.PlanAction.result>> {
  const { call, step, principal } = params
  const at = parseInstant(params.at)
  if (at === undefined) {
    throw new OrionError('invalid_request', `at: expected an instant, got ${params.at}`, {})
  }
  const prepared = await prepare(plugin, params.action, params.params)
  const context = actionContext(plugin, { call, principal, at, signal })
  if (step === 'problems') {
    return { problems: (await prepared.problems(context)).map((problem) => ({ ...problem })) }
  }
  return { operations: [...(await prepared.apply(context))] }
}

/** An action sees the store as whoever asked for it does, so it is read through the call. */
function actionContext(
  { context }: RunningPlugin,
  parts: {
    readonly call: string
    readonly principal: string
    readonly at: Instant
    readonly signal: AbortSignal
  },
): ActionContext {
  const { call, principal, at, signal } = parts
  const read = async (
    asked: Omit<ParamsOf<typeof messages.ReadForAction>, 'call'>,
  ): Promise<readonly Record[]> =>
    (await context.client.request(messages.ReadForAction, { call, ...asked }, { signal })).records
  return {
    principal,
    signal,
    at,
    settings: context.settings,
    get: async <T extends RecordType>({ name: type }: T, id: string) =>
      typed<T>((await read({ type, id }))[0]),
    list: async <T extends RecordType>({ name: type }: T, selection = {}) =>
      (await read({ type, ...selection })).map((record) => typedRecord<T>(record)),
  }
}

function actionOf({ declaration }: RunningPlugin, name: string): Action {
  const action = declaration.actions?.find((one) => one.name === name)
  if (action !== undefined) return action
  throw new OrionError('invalid_request', `plugin ${declaration.name} has no action ${name}`, {})
}

async function prepare(
  plugin: RunningPlugin,
  name: string,
  params: unknown,
): Promise<PreparedAction> {
  const prepared = await actionOf(plugin, name).prepare(params ?? {})
  if (prepared.ok) return prepared.action
  const issues = [...prepared.issues]
  const [first] = issues
  throw new OrionError('invalid_params', `${first?.path}: ${first?.message}`, { issues })
}

/** The daemon has checked the record against the type that was asked for. */
function typedRecord<T extends RecordType>(record: Record): Record<RecordData<T>> {
  return record as Record<RecordData<T>>
}

function typed<T extends RecordType>(
  record: Record | undefined,
): Record<RecordData<T>> | undefined {
  return record === undefined ? undefined : typedRecord<T>(record)
}

/** The hook was declared for the type of the write. */
function unchecked(write: object): never {
  return write as never
}
