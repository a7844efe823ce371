/** A store in a few maps, as far as the miner looks into one, which carries out what the miner plans. */
import assert from 'node:assert/strict'
import { failureKind } from '../../../plugins/miner/failure-kind.ts'
import { type MiningRules, sourcesMax } from '../../../plugins/miner/kind-change.ts'
import { type MinerReads, miningPlan } from '../../../plugins/miner/mining-plan.ts'
import { MinedFailure } from '../../../plugins/miner/record-types.ts'
import { OrionActionLog, OrionInsight } from '../../../plugins/orion/record-types.ts'
import { parseRecord } from '../../../sdk/client/typed-record.ts'
import type { JsonObject } from '../../../sdk/json.ts'
import type { Lifecycle, Record } from '../../../sdk/model.ts'
import type { TransactOperation } from '../../../sdk/protocol/records.ts'
import * as shape from '../../../sdk/protocol/schemas.ts'
import type { RecordType } from '../../../sdk/record-type.ts'

const rules: MiningRules = { occurrencesMin: 2, domain: 'governance', confidenceScore: 0.9 }
const miner = 'plugin:miner'

/** See the head of the file. */
export class MinerModel {
  /** How many transactions the miner has made. */
  writes = 0
  readonly #records = new Map<string, Record>()
  #order = 0

  /** An action of one type fails, succeeds, or its log goes. */
  change(log: string, what: 'fail' | 'succeed' | 'delete' | 'purge', error?: string): void {
    const key = keyOf(OrionActionLog.name, log)
    const before = this.#records.get(key)
    if (what === 'purge') return void this.#records.delete(key)
    if (what === 'delete') {
      if (before !== undefined) this.#put(before, { lifecycle: 'deleted' })
      return
    }
    const status = what === 'fail' ? 'FAILURE' : 'SUCCESS'
    const data = { actionType: 'build', status, ...(error === undefined ? {} : { error }) }
    this.#put(before ?? this.#fresh(OrionActionLog.name, log), { data, lifecycle: 'active' })
  }

  /** An action fails, and the miner hears of it. */
  async fail(log: string, error: string): Promise<void> {
    this.change(log, 'fail', error)
    await this.mine(log)
  }

  /** Delivers an event of a log. */
  async mine(log: string): Promise<void> {
    const operations = await miningPlan(log, this.#reads(), { rules, principal: miner })
    if (operations.length === 0) return
    this.writes += 1
    for (const operation of operations) this.#carryOut(operation)
  }

  /** A person changes an insight. */
  byPerson(id: string, data: JsonObject, lifecycle: Lifecycle = 'active'): void {
    const before = this.#records.get(keyOf(OrionInsight.name, id))
    assert.ok(before)
    this.#put(before, { data: { ...before.data, ...data }, lifecycle, updatedBy: 'owner' })
  }

  /** How many failures are counted of each kind. */
  counted(): { [kind: string]: number } {
    return tally(this.#all(MinedFailure.name).flatMap(({ data }) => data.kind ?? []))
  }

  /** How many there are. */
  failuresByKind(): { [kind: string]: number } {
    const failed = this.#all(OrionActionLog.name).filter(
      ({ lifecycle, data }) => lifecycle === 'active' && data.status === 'FAILURE',
    )
    return tally(failed.map(({ data }) => failureKind('build', textOf(data.error)).id))
  }

  insight(id: string): Record | undefined {
    return this.#records.get(keyOf(OrionInsight.name, id))
  }

  insights() {
    return this.#all(OrionInsight.name).map(({ id, lifecycle, data }) => ({
      id,
      lifecycle,
      summary: textOf(data.summary) ?? '',
      sources: Array.isArray(data.sourceEpisodicIds) ? data.sourceEpisodicIds : [],
    }))
  }

  #reads(): MinerReads {
    const read = (type: string, id: string) => this.#records.get(keyOf(type, id))
    return {
      log: async (id) => typed<typeof OrionActionLog>(read(OrionActionLog.name, id)),
      entry: async (id) => typed<typeof MinedFailure>(read(MinedFailure.name, id)),
      standing: async (kind) => {
        const members = this.#all(MinedFailure.name).filter(({ data }) => data.kind === kind)
        const newest = members.map(({ id }) => id).reverse()
        return {
          count: members.length,
          newest: newest.slice(0, sourcesMax + 1),
          insight: typed<typeof OrionInsight>(read(OrionInsight.name, kind)),
        }
      },
    }
  }

  /** Refuses what a store would refuse. */
  #carryOut(operation: TransactOperation): void {
    const { op, type } = operation
    const id = operation.id ?? assert.fail('expected an id')
    const before = this.#records.get(keyOf(type, id))
    if (op === 'create') {
      assert.equal(before, undefined, `${type}/${id} is there already`)
      this.#put(this.#fresh(type, id), { data: operation.data, updatedBy: miner })
      return
    }
    assert.ok(before, `${type}/${id} is not there`)
    assert.equal(operation.expectedVersion, before.version)
    assert.equal(before.lifecycle === 'active', op !== 'restore')
    if (op !== 'update') {
      const lifecycle = op === 'delete' ? 'deleted' : 'active'
      this.#put(before, { lifecycle, updatedBy: miner })
      return
    }
    const kept = Object.entries({ ...before.data, ...operation.set }).filter(
      ([field]) => !operation.unset?.includes(field),
    )
    this.#put(before, { data: Object.fromEntries(kept), updatedBy: miner })
  }

  #put(before: Unversioned, change: Partial<Unversioned>): void {
    const record = shape.record.parse({ ...before, ...change, version: before.version + 1 })
    this.#records.set(keyOf(record.type, record.id), record)
  }

  #fresh(type: string, id: string): Unversioned {
    this.#order += 1
    const at = `2026-01-01T00:00:00.${String(this.#order).padStart(6, '0')}Z`
    const born = { createdAt: at, createdBy: 'owner', updatedAt: at, updatedBy: 'owner' }
    return { type, id, version: 0, ...born, lifecycle: 'active', token, data: {} }
  }

  #all(type: string): Record[] {
    return [...this.#records.values()].filter((record) => record.type === type)
  }
}

function tally(kinds: readonly unknown[]): { [kind: string]: number } {
  const counts: { [kind: string]: number } = {}
  for (const kind of kinds) {
    if (typeof kind === 'string') counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** A record, or what becomes one by its first write. */
interface Unversioned extends Omit<Record, 'version' | 'token'> {
  readonly version: number
  readonly token: string
}

const token = 'o1.k3f9.a41c.1'

function typed<T extends RecordType>(record: Record | undefined) {
  return record === undefined ? undefined : parseRecord<T>(record)
}

const keyOf = (type: string, id: string): string => `${type}/${id}`
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined
