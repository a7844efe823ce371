/** What may be done at once, what has to be proposed, and what is not to be done at all. */
import { OrionError } from '../../sdk/errors.ts'
import { proposalType } from '../../sdk/proposal-states.ts'
import type { Scope } from '../../sdk/protocol/schemas.ts'
import type { GovernedCaller } from './person.ts'

/** What can be done to a record, as rules name it. */
export const policyOperations = [
  'create',
  'update',
  'delete',
  'restore',
  'archive',
  'purge',
  'import',
] as const
/** One thing that can be done to a record. */
export type PolicyOperation = (typeof policyOperations)[number]

/** One rule of the store's configuration. What is left out fits everything. */
export interface PolicyRule {
  readonly types?: readonly string[] | undefined
  readonly operations?: readonly PolicyOperation[] | undefined
  /** Fits only connections with this scope for the type. */
  readonly scope?: Scope | undefined
  readonly decision: 'allow' | 'propose' | 'deny'
  /** How many have to approve what is proposed; 1 if it is left out. */
  readonly quorum?: number | undefined
}

/** Something that is to be done to a record of a type. */
export interface Deed {
  readonly op: PolicyOperation
  readonly type: string
}

/** The rules of one store: the first that fits decides; without one, what the scopes allow is allowed. */
export class Policy {
  readonly #rules: readonly PolicyRule[]

  constructor(rules: readonly PolicyRule[]) {
    this.#rules = rules
  }

  /** @throws OrionError `approval_required` or `forbidden` naming the first deed that may not be done at once. */
  assertAllowed(caller: GovernedCaller, deeds: readonly Deed[]): void {
    if (this.#rules.length === 0) return
    deeds.forEach((deed, index) => {
      const decision = this.#decide(caller, deed)
      if (decision === 'allow') return
      const operation = deeds.length > 1 ? { operation: index } : {}
      if (decision === 'deny') throw denied(deed, operation)
      const { op, type } = deed
      throw new OrionError(
        'approval_required',
        `the policy of this store wants ${op} of ${type} to be proposed`,
        {
          ...operation,
          remedy:
            'propose it: send the same operations to proposal/create with submit: true (`orion proposal create @FILE --submit`)',
        },
      )
    })
  }

  /** @throws OrionError `forbidden` naming the first deed that this caller may not even propose. */
  assertProposable(caller: GovernedCaller, deeds: readonly Deed[]): void {
    deeds.forEach((deed, operation) => {
      if (this.#decide(caller, deed) === 'deny') throw denied(deed, { operation })
    })
  }

  /** @throws OrionError `forbidden` naming the first deed that nobody may do, approved or not. */
  assertPossible(deeds: readonly Deed[]): void {
    deeds.forEach((deed, operation) => {
      const rule = this.#rules.find((one) => one.scope === undefined && fits(one, deed))
      if (rule?.decision === 'deny') throw denied(deed, { operation })
    })
  }

  /** Whether some of it has to be proposed by this caller. */
  wantsProposal(caller: GovernedCaller, deeds: readonly Deed[]): boolean {
    return deeds.some((deed) => this.#decide(caller, deed) === 'propose')
  }

  /** How many have to approve all of it together. */
  quorumOf(deeds: readonly Deed[]): number {
    const asked = this.#rules.flatMap((rule) =>
      rule.decision === 'propose' && deeds.some((deed) => fits(rule, deed))
        ? [rule.quorum ?? 1]
        : [],
    )
    return Math.max(1, ...asked)
  }

  #decide(caller: GovernedCaller, deed: Deed): PolicyRule['decision'] {
    // A draft does nothing yet: writing one is how to ask.
    if (deed.type === proposalType) return 'allow'
    const rule = this.#rules.find((one) => fits(one, deed) && concerns(one, caller, deed.type))
    return rule?.decision ?? 'allow'
  }
}

function fits({ types, operations }: PolicyRule, { op, type }: Deed): boolean {
  return (types?.includes(type) ?? true) && (operations?.includes(op) ?? true)
}

/** A freedom needs the scope now, a restriction stays when the scope is given up. */
function concerns({ scope, decision }: PolicyRule, caller: GovernedCaller, type: string): boolean {
  if (scope === undefined) return true
  return decision === 'allow' ? caller.holds(scope, type) : caller.heldAtFirst(scope, type)
}

function denied({ op, type }: Deed, operation: { readonly operation?: number }): OrionError {
  return new OrionError('forbidden', `the policy of this store forbids ${op} of ${type}`, {
    ...operation,
    needs: 'another policy',
    remedy: 'the owner of the store changes it in `policy` of its config.json',
  })
}
