/** Sends records and what is kept about their rows, as many in one transaction as the store takes. */
import type { Client } from '../../../sdk/client/client.ts'
import { isOrionError, type OrionError } from '../../../sdk/errors.ts'
import { isJsonObject, type Json } from '../../../sdk/json.ts'
import type { Token } from '../../../sdk/model.ts'
import { type ImportedRecord, ImportRecords } from '../../../sdk/protocol/records.ts'
import { type Decided, quarantinedAs } from './decided.ts'
import { ledgerEntry } from './ledger.ts'
import type { Settlement } from './settlement.ts'

/** Rows of one transaction: those that were refused by the store are settled one by one. */
interface Unit {
  readonly one: Decided
  readonly records: readonly ImportedRecord[]
}

/** What the records of one request may come to; the store's own bounds are four times as large and more. */
const bytesMax = 3 * 1024 * 1024
const timeoutMs = 120_000

/** Imports rows that the store does not know. */
export class Importer {
  readonly #client: Client
  readonly #cause: Token | undefined
  readonly #recordsMax: number
  readonly #valuesMax: number
  readonly #bytesMax: number

  constructor(parts: {
    readonly client: Client
    readonly limits: { readonly [name: string]: number }
    readonly cause: Token | undefined
  }) {
    const { client, limits, cause } = parts
    this.#client = client
    this.#cause = cause
    this.#recordsMax = limits.operationsMax ?? 1000
    this.#valuesMax = Math.floor((limits.valuesMax ?? 100_000) * 0.9)
    const least = Math.min(
      limits.transactionMaxBytes ?? bytesMax,
      (limits.bodyMaxBytes ?? bytesMax) / 2,
    )
    this.#bytesMax = Math.min(bytesMax, least)
  }

  /** Imports rows; what the store refuses is settled. */
  async importRows(rows: readonly Decided[], settlement: Settlement): Promise<void> {
    let units: Unit[] = []
    const load = new Load()
    const flush = async (): Promise<void> => {
      const sent = units
      units = []
      load.clear()
      if (sent.length > 0) await this.#send(sent, settlement)
    }
    for (const one of rows) {
      const { conclusion } = one
      const entry = ledgerEntry(one, conclusion, settlement)
      for (const part of entry.parts) await this.#importPart(part)
      const records =
        conclusion.pile === 'quarantined' ? [entry.row] : [conclusion.record, entry.row]
      const [bytes, values] = weigh(records)
      if (values > this.#valuesMax || bytes > this.#bytesMax * 4) {
        const detail = `the row has ${values} values and ${bytes} bytes; a message takes ${this.#valuesMax} values`
        await flush()
        await this.importRows([quarantinedAs(one, 'too_large', detail)], settlement)
        continue
      }
      const next = { records: records.length, bytes, values }
      if (
        load.exceeds(next, {
          records: this.#recordsMax,
          bytes: this.#bytesMax,
          values: this.#valuesMax,
        })
      ) {
        await flush()
      }
      load.add(next)
      units.push({ one, records })
    }
    await flush()
  }

  /** Imports units in one transaction. What the store refuses is taken out, and the rest sent again. */
  async #send(units: readonly Unit[], settlement: Settlement): Promise<void> {
    let rest = units
    while (rest.length > 0) {
      try {
        await this.#import(rest.flatMap(({ records }) => records))
        for (const { one } of rest) settlement.imported(one)
        return
      } catch (error) {
        const first = refusedUnit(rest, error)
        if (first === undefined) throw error
        // Where one is there already many are: nothing is sent again for each of them.
        const present = isOrionError(error, 'conflict')
          ? await settlement.presentOf(rest.map(({ one }) => one))
          : new Set<Decided>()
        const refused = rest.filter((unit) => unit === first || present.has(unit.one))
        rest = rest.filter((unit) => !refused.includes(unit))
        for (const { one } of refused) {
          const instead = await settlement.refused(one, error)
          if (instead !== undefined) await this.importRows([instead], settlement)
        }
      }
    }
  }

  /** A part that is there already says the same: its id is a digest of it. */
  async #importPart(part: ImportedRecord): Promise<void> {
    try {
      await this.#import([part])
    } catch (error) {
      if (!isOrionError(error, 'conflict') || error.data.reason !== 'exists') throw error
    }
  }

  async #import(records: readonly ImportedRecord[]): Promise<void> {
    const cause = this.#cause
    const params = { records: [...records], ...(cause === undefined ? {} : { cause }) }
    await this.#client.request(ImportRecords, params, { timeoutMs })
  }
}

/** The unit that the store's error is about; undefined if it is about none, as a full disk is. */
function refusedUnit(units: readonly Unit[], error: unknown): Unit | undefined {
  const operation = operationOf(error)
  if (operation === undefined) return undefined
  let before = 0
  for (const unit of units) {
    before += unit.records.length
    if (operation < before) return unit
  }
  return undefined
}

function operationOf(error: unknown): number | undefined {
  if (!isOrionError(error) || !rowKinds.has(error.kind)) return undefined
  const data: unknown = error.data
  if (!isJsonObject(data) || typeof data.operation !== 'number') return undefined
  return data.operation
}

/** Errors that are about one record. */
const rowKinds: ReadonlySet<OrionError['kind']> = new Set<OrionError['kind']>([
  'conflict',
  'invalid_record',
  'invalid_params',
  'too_large',
  'unique_violation',
  'not_found',
])

class Load {
  #records = 0
  #bytes = 0
  #values = 0

  exceeds(next: Weight, bounds: Weight): boolean {
    return (
      this.#records > 0 &&
      (this.#records + next.records > bounds.records ||
        this.#bytes + next.bytes > bounds.bytes ||
        this.#values + next.values > bounds.values)
    )
  }

  add(next: Weight): void {
    this.#records += next.records
    this.#bytes += next.bytes
    this.#values += next.values
  }

  clear(): void {
    this.#records = 0
    this.#bytes = 0
    this.#values = 0
  }
}

interface Weight {
  readonly records: number
  readonly bytes: number
  readonly values: number
}

function weigh(records: readonly ImportedRecord[]): [bytes: number, values: number] {
  let [bytes, values] = [0, 0]
  for (const record of records) {
    // A UTF-16 unit takes at most three bytes.
    bytes += JSON.stringify(record.data).length * 2 + 300
    values += countValues(record.data) + 12
  }
  return [bytes, values]
}

function countValues(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const member of Object.values(value)) count += countValues(member)
  return count
}
