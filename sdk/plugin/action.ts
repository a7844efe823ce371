/** Actions: named operations with a checked input, which say what they would do before anything is done. */
import { z } from 'zod'
import type { Instant } from '../instant.ts'
import { type JsonObject, jsonObjectOf } from '../json.ts'
import type { Record, WriteResult } from '../model.ts'
import type { TransactOperation } from '../protocol/records.ts'
import type { RecordData, RecordType } from '../record-type.ts'

/** What an action may know while it works out what to do. It reads what its caller may read, and writes nothing. */
export interface ActionContext {
  readonly principal: string
  /** Aborted when its time is over. */
  readonly signal: AbortSignal
  /** The present instant; the same for one attempt. */
  readonly at: Instant
  /** The settings of the plugin that the action belongs to. */
  readonly settings?: unknown
  /** A record, whatever its lifecycle. What was read must not change until the action takes effect. */
  get<T extends RecordType>(type: T, id: string): Promise<Record<RecordData<T>> | undefined>
  /** Active records that fit a filter, by id; at most 1,000. */
  list<T extends RecordType>(
    type: T,
    selection?: { readonly where?: JsonObject; readonly limit?: number },
  ): Promise<readonly Record<RecordData<T>>[]>
}

/** One condition of an action. */
export interface Criterion<P> {
  /** The part of the input that it is about, as a dotted path. */
  readonly path: string
  /** What is wrong; undefined when nothing is. What it throws counts as wrong, too. */
  readonly check: (
    params: P,
    context: ActionContext,
  ) => string | undefined | Promise<string | undefined>
}

/** What came of an action, for what follows it. */
export interface ActionOutcome<P> {
  readonly params: P
  readonly principal: string
  readonly results: readonly WriteResult[]
}

/** An action as its author declares it. */
export interface ActionDeclaration<I extends z.ZodObject> {
  readonly description: string
  readonly input: I
  /** The record types that it reads and writes. Operations on others are refused. */
  readonly types: readonly RecordType[]
  /** It is never carried out at once: others have to approve it. */
  readonly requiresProposal?: boolean
  /** A person should look twice. */
  readonly dangerous?: boolean
  /** How many times it is worked out anew when somebody else was first; by default 0. */
  readonly retriesMax?: number
  readonly criteria?: readonly Criterion<z.output<I>>[]
  /** Says what to do. It may be called several times, and must not do anything itself. */
  readonly apply: (
    params: z.output<I>,
    context: ActionContext,
  ) => readonly TransactOperation[] | Promise<readonly TransactOperation[]>
  /** Done one by one once everything is on disk; what fails is told, and undoes nothing. */
  readonly afterwards?: readonly ((outcome: ActionOutcome<z.output<I>>) => void | Promise<void>)[]
}

/** An input that was parsed, and what the action makes of it. */
export interface PreparedAction {
  /** Everything that speaks against it, of all criteria. */
  problems(context: ActionContext): Promise<readonly { path: string; message: string }[]>
  apply(context: ActionContext): Promise<readonly TransactOperation[]>
  /** @returns what went wrong, in words. */
  afterwards(outcome: Omit<ActionOutcome<unknown>, 'params'>): Promise<readonly string[]>
}

/** An action that can be registered. */
export interface Action
  extends Pick<
    ActionDeclaration<z.ZodObject>,
    'description' | 'requiresProposal' | 'dangerous' | 'retriesMax'
  > {
  readonly name: string
  readonly types: readonly string[]
  readonly inputSchema: JsonObject
  /** Parses an input. Where the action lives in another process, that takes a while. */
  prepare(params: unknown): Preparation | Promise<Preparation>
}

/** An action that lives in this process. */
export interface DeclaredAction extends Action {
  prepare(params: unknown): Preparation
}

/** What came of parsing an input. */
export type Preparation =
  | { readonly ok: true; readonly action: PreparedAction }
  | { readonly ok: false; readonly issues: readonly { path: string; message: string }[] }

const nameForm = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/

/**
 * Declares an action.
 *
 * @throws TypeError for a name that is not of the form `memory.save_insight`, or no record type.
 */
export function defineAction<I extends z.ZodObject>(
  name: string,
  declaration: ActionDeclaration<I>,
): DeclaredAction {
  if (!nameForm.test(name)) {
    throw new TypeError(`expected the name of an action such as memory.save_insight, got ${name}`)
  }
  if (declaration.types.length === 0) throw new TypeError(`action ${name} names no record type`)
  const { description, input, types, requiresProposal, dangerous, retriesMax } = declaration
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  return {
    name,
    description,
    types: types.map((type) => type.name),
    requiresProposal: requiresProposal ?? false,
    dangerous: dangerous ?? false,
    retriesMax: retriesMax ?? 0,
    inputSchema: jsonObjectOf(schema),
    prepare: (params) => {
      const parsed = input.safeParse(params)
      if (parsed.success) return { ok: true, action: prepared(declaration, parsed.data) }
      const issues = parsed.error.issues.slice(0, 50).map(({ path, message }) => ({
        path: path.map(String).join('.'),
        message,
      }))
      return { ok: false, issues }
    },
  }
}

function prepared<I extends z.ZodObject>(
  { criteria = [], apply, afterwards = [] }: ActionDeclaration<I>,
  params: z.output<I>,
): PreparedAction {
  return {
    problems: async (context) => {
      const found: { path: string; message: string }[] = []
      for (const { path, check } of criteria) {
        const message = await told(async () => await check(params, context))
        if (message !== undefined) found.push({ path, message })
      }
      return found
    },
    apply: async (context) => await apply(params, context),
    afterwards: async (outcome) => {
      const failures: string[] = []
      for (const effect of afterwards) {
        try {
          await effect({ ...outcome, params })
        } catch (error) {
          failures.push(messageOf(error))
        }
      }
      return failures
    },
  }
}

/** What a criterion says, or what it throws. */
async function told(check: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await check()
  } catch (error) {
    return messageOf(error)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
