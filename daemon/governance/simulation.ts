/**
 * What would come of actions and operations. Actions read a view that nobody else sees; what they ask for is tried out in
 * a transaction that is rolled back, so the answer is what the store itself would say, and nothing is left of it.
 */
import { createHash } from 'node:crypto'
import { differencesBetween } from '../../sdk/data-difference.ts'
import { OrionError } from '../../sdk/errors.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import { canonicalJson, type JsonObject } from '../../sdk/json.ts'
import type { Event, Record } from '../../sdk/model.ts'
import type * as protocol from '../../sdk/protocol/actions.ts'
import type { SimulationResult } from '../../sdk/protocol/actions.ts'
import type { Guard, TransactOperation } from '../../sdk/protocol/records.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { ManagedTransaction } from '../store/managed-api.ts'
import type { StoreApi } from '../store/store-api.ts'
import { planOf } from './action-plan.ts'
import { type ActionRegistry, prepare } from './action-registry.ts'
import { assertMay, type GovernedCaller } from './person.ts'
import { resolveAndDo } from './proposal-bases.ts'
import type { Plan } from './proposal-plan.ts'
import { asJson } from './proposal-record.ts'
import { overlayKey } from './read-view.ts'
import type { Params } from './request-params.ts'

/** What simulations are run with. */
export interface SimulationParts {
  readonly store: StoreApi
  readonly registry: ActionRegistry
  readonly clock: Clock
  readonly limits: Limits
}

/** Tells what would come of some steps. The first that fails is the last. */
export async function simulate(
  parts: SimulationParts,
  params: Params<typeof protocol.RunSimulation>,
  caller: GovernedCaller,
): Promise<SimulationResult> {
  const { store } = parts
  const { actions, operations = [], guards = [] } = params
  if (actions === undefined) {
    assertMayTry(caller, operations)
    const startedMs = performance.now()
    const trial = await store.tryOut((work) => tryPlan(work, { operations, guards }), caller)
    const step = { ok: true, operations: operations.length, durationMs: since(startedMs) }
    return resultOf(store, trial, [step])
  }
  const steps: SimulationResult['steps'] = []
  let plan: Plan = { operations: [], guards: [] }
  let trial: Trial = { ...nothing }
  for (const { action: name, params: given = {} } of actions) {
    const startedMs = performance.now()
    try {
      const next = await planStep(parts, { name, given, trial }, caller)
      assertMayTry(caller, next.operations)
      const all = {
        operations: [...trial.operations, ...next.operations],
        guards: merged(plan.guards, next.guards, trial.after),
      }
      trial = await store.tryOut((work) => tryPlan(work, all), caller)
      plan = all
      const count = next.operations.length
      steps.push({ action: name, ok: true, operations: count, durationMs: since(startedMs) })
    } catch (error) {
      if (!(error instanceof OrionError)) throw error
      const told = { kind: error.kind, message: error.message, data: jsonOf(error.data) }
      const durationMs = since(startedMs)
      steps.push({ action: name, ok: false, operations: 0, durationMs, error: told })
      break
    }
  }
  return resultOf(store, trial, steps)
}

/** The digest of what a simulation showed: applying it names the same. */
export function digestOfPlan(plan: {
  readonly operations: readonly TransactOperation[]
  readonly guards: readonly Guard[]
}): string {
  const { operations, guards: bases } = plan
  return createHash('sha256')
    .update(canonicalJson(asJson({ operations, bases })))
    .digest('hex')
}

async function planStep(
  { store, registry, clock, limits }: SimulationParts,
  step: { readonly name: string; readonly given: JsonObject; readonly trial: Trial },
  caller: GovernedCaller,
): Promise<Plan> {
  const action = registry.find(step.name, caller)
  const at = instantFromMicros(clock.nowMicros())
  const overlay = step.trial.after
  const timeMaxMs = limits.actionMaxMs
  const parts = { store, caller, at, overlay, timeMaxMs }
  return await planOf(action, await prepare(action, step.given), parts)
}

/** Who may neither do nor propose it may not find out what would come of it either. */
function assertMayTry(caller: GovernedCaller, operations: readonly TransactOperation[]): void {
  for (const { type } of operations) {
    if (!caller.holds('propose', type)) assertMay(caller, 'write', [type])
  }
}

/** What was read of the store itself; what earlier steps would have written is no fact. */
function merged(
  before: readonly Guard[],
  added: readonly Guard[],
  overlay: ReadonlyMap<string, Record>,
): Guard[] {
  const known = new Set(before.map(overlayKey))
  const fresh = added.filter(
    (guard) => !known.has(overlayKey(guard)) && !overlay.has(overlayKey(guard)),
  )
  return [...before, ...fresh]
}

/** What came of a plan, before it was taken back. */
interface Trial {
  readonly operations: readonly TransactOperation[]
  readonly guards: readonly Guard[]
  /** Records as they were, and as they would be, by type and id. */
  readonly before: ReadonlyMap<string, Record | undefined>
  readonly after: ReadonlyMap<string, Record>
  readonly events: readonly Event[]
}

const nothing: Trial = {
  operations: [],
  guards: [],
  before: new Map(),
  after: new Map(),
  events: [],
}

function tryPlan(work: ManagedTransaction, plan: Plan): Trial {
  const mark = work.lastSeq
  const before = new Map<string, Record | undefined>()
  const after = new Map<string, Record>()
  const done = resolveAndDo(work, plan, (old, record) => {
    const key = overlayKey(record)
    if (!before.has(key)) before.set(key, old)
    after.set(key, record)
  })
  return {
    operations: done.operations,
    guards: done.bases,
    before,
    after,
    events: work.eventsSince(mark),
  }
}

function resultOf(
  store: StoreApi,
  trial: Trial,
  steps: SimulationResult['steps'],
): SimulationResult {
  const { operations, guards, before, after, events } = trial
  const changes = [...after].map(([key, record]) => ({ record, old: before.get(key) }))
  const existing = changes.flatMap(({ record, old }) =>
    old === undefined ? [] : [{ record, old }],
  )
  const movedTo = (lifecycle: Record['lifecycle']) =>
    existing
      .filter(({ record, old }) => record.lifecycle === lifecycle && old.lifecycle !== lifecycle)
      .map(({ record }) => keyOf(record))
  return {
    token: store.token(),
    steps,
    created: changes
      .filter(({ old }) => old === undefined)
      .map(({ record }) => ({ ...keyOf(record), data: record.data })),
    updated: existing
      .map(({ record, old }) => ({
        ...keyOf(record),
        fields: differencesBetween(old.data, record.data),
      }))
      .filter(({ fields }) => fields.length > 0),
    deleted: movedTo('deleted'),
    archived: movedTo('archived'),
    restored: movedTo('active'),
    events: events.flatMap(({ topic, type, id, version, changedFields = [] }) =>
      type === undefined || id === undefined || version === undefined
        ? []
        : [{ topic, type, id, version, changedFields: [...changedFields] }],
    ),
    operations: [...operations],
    guards: [...guards],
    digest: digestOfPlan({ operations, guards }),
  }
}

function keyOf({ type, id, version }: Record) {
  return { type, id, version }
}

function since(startedMs: number): number {
  return Math.round(performance.now() - startedMs)
}

function jsonOf(data: object): JsonObject {
  return JSON.parse(JSON.stringify(data))
}
