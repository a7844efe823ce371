/** The actions of a store, by name. */
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { Action, PreparedAction } from '../../sdk/plugin/action.ts'
import type { ActionInfo } from '../../sdk/protocol/actions.ts'
import type { GovernedCaller } from './person.ts'

/** Knows the registered actions; no two have one name. */
export class ActionRegistry {
  readonly #actions = new Map<string, Action>()
  readonly #others: () => readonly Action[]

  /**
   * @param others - Those that come and go; none has the name of one that stays.
   * @throws TypeError for a name that is taken: which of two would count must not depend on who came first.
   */
  constructor(actions: readonly Action[], others: () => readonly Action[] = () => []) {
    this.#others = others
    for (const action of actions) {
      if (this.#actions.has(action.name))
        throw new TypeError(`two actions are called ${action.name}`)
      this.#actions.set(action.name, action)
    }
  }

  /** The actions that a caller may know of, by name. */
  list(caller: GovernedCaller): readonly Action[] {
    const visible = [...this.#actions.values(), ...this.#others()].filter((action) =>
      mayKnow(action, caller),
    )
    return visible.sort((left, right) => (left.name < right.name ? -1 : 1))
  }

  /** @throws OrionError `invalid_request` for one that is not there, or that the caller may not know of. */
  find(name: string, caller: GovernedCaller): Action {
    const action = this.#actions.get(name) ?? this.#others().find((other) => other.name === name)
    if (action !== undefined && mayKnow(action, caller)) return action
    const known = this.list(caller).map((one) => one.name)
    const meant = didYouMean(name, known)
    throw new OrionError('invalid_request', `there is no action ${name.slice(0, 80)}`, {
      ...(meant === undefined ? {} : { didYouMean: meant }),
      remedy: meant === undefined ? 'action/list has the actions' : `did you mean ${meant}?`,
    })
  }
}

function mayKnow({ types }: Action, caller: GovernedCaller): boolean {
  return types.every((type) => caller.mayRead(type))
}

/** What is told of an action. */
export function infoOf(action: Action): ActionInfo {
  const { name, description, types, requiresProposal = false, dangerous = false } = action
  return { name, description, types: [...types], requiresProposal, dangerous }
}

/** @throws OrionError `invalid_params` with every problem of the input. */
export async function prepare(action: Action, params: unknown): Promise<PreparedAction> {
  const prepared = await action.prepare(params)
  if (prepared.ok) return prepared.action
  const issues = prepared.issues.map(({ path, message }) => ({
    path: path === '' ? 'params' : `params.${path}`,
    message,
  }))
  const [first] = issues
  throw new OrionError('invalid_params', `${first?.path}: ${first?.message}`, {
    issues,
    remedy: `action/describe has the schema of what ${action.name} takes`,
  })
}
