/** From an action to the operations that it asks for: its conditions, its time, and what it declares. */
import { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import type { Action, PreparedAction } from '../../sdk/plugin/action.ts'
import { operationsMax, transactOperation } from '../../sdk/protocol/records.ts'
import type { StoreApi } from '../store/store-api.ts'
import type { GovernedCaller } from './person.ts'
import type { Plan } from './proposal-plan.ts'
import { type Overlay, ReadView } from './read-view.ts'

/** What planning an action takes. */
export interface PlanningParts {
  readonly store: StoreApi
  readonly caller: GovernedCaller
  readonly at: Instant
  readonly overlay: Overlay
  /** How long it may take, in milliseconds. */
  readonly timeMaxMs: number
}

/**
 * What an action would do now.
 *
 * @throws OrionError `invalid_request` with the problems of all criteria, or when the action takes too long, fails or
 *   asks for what it must not.
 */
export async function planOf(
  action: Action,
  prepared: PreparedAction,
  parts: PlanningParts,
): Promise<Plan> {
  const { timeMaxMs, ...rest } = parts
  const { name, types } = action
  return await inTime({ name, timeMaxMs }, async (signal) => {
    const view = new ReadView({ ...rest, types, signal })
    const issues = await prepared.problems(view)
    const [first] = issues
    if (first !== undefined) {
      const message = `${name} can’t be done: ${issues.map(said).join('; ')}`
      throw new OrionError('invalid_request', message, { issues, remedy: 'correct all of it' })
    }
    const operations: unknown = await attempt(name, () => prepared.apply(view))
    return { operations: checked(action, operations), guards: view.guards }
  })
}

function said({ path, message }: { readonly path: string; readonly message: string }): string {
  return path === '' ? message : `${path}: ${message}`
}

/** What an action throws is its own affair, and told: it runs on behalf of whoever asked. */
async function attempt<T>(name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof OrionError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new OrionError('invalid_request', `${name} failed: ${reason}`, {
      remedy: 'look at what it was given; else tell whoever maintains the action',
    })
  }
}

function checked(action: Action, value: unknown): Plan['operations'] {
  const { name, types } = action
  const parsed = transactOperation.array().max(operationsMax).safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new OrionError(
      'invalid_request',
      `${name} asked for no operations: ${issue?.path.join('.')}: ${issue?.message}`,
      { remedy: 'tell whoever maintains the action' },
    )
  }
  const other = parsed.data.find(({ type }) => !types.includes(type))
  if (other === undefined) return parsed.data
  throw new OrionError(
    'forbidden',
    `${name} asked for ${other.op} of ${other.type}, which it does not declare`,
    { needs: 'an action that names all of its record types' },
  )
}

/** Nothing that never ends is waited for. One that does not even wait can't be helped: it holds the whole daemon up. */
async function inTime<T>(
  { name, timeMaxMs }: { readonly name: string; readonly timeMaxMs: number },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const message = `${name} took longer than ${timeMaxMs} ms; nothing was done`
      reject(new OrionError('overloaded', message, { retryAfterMs: timeMaxMs }))
      controller.abort()
    }, timeMaxMs)
  })
  const work = run(controller.signal)
  // If it fails after its time nobody hears of it.
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
