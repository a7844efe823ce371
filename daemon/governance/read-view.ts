/** The store as an action sees it: as it is, with what the steps before would have changed, and nothing else. */
import { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import { compareCodePoints, type JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import type { ActionContext } from '../../sdk/plugin/action.ts'
import { type Guard, pageMax } from '../../sdk/protocol/records.ts'
import type { RecordData, RecordType } from '../../sdk/record-type.ts'
import type { StoreApi } from '../store/store-api.ts'
import { assertMay, type GovernedCaller } from './person.ts'

/** Records that are other than stored, by type and id. */
export type Overlay = ReadonlyMap<string, Record>

/** The key of a record in an overlay. */
export function overlayKey({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}\n${id}`
}

/** What one attempt of an action may see, and has seen. */
export class ReadView implements ActionContext {
  readonly principal: string
  readonly signal: AbortSignal
  readonly at: Instant
  readonly #parts: ReadViewParts
  readonly #seen = new Map<string, Guard>()

  constructor(parts: ReadViewParts) {
    this.#parts = parts
    this.principal = parts.caller.principal
    this.signal = parts.signal
    this.at = parts.at
  }

  /** The versions of what was read of the store itself: the action rests on them. */
  get guards(): readonly Guard[] {
    return [...this.#seen.values()]
  }

  // Both are handed out apart from the view.
  readonly get = async <T extends RecordType>(
    { name: type }: T,
    id: string,
  ): Promise<Record<RecordData<T>> | undefined> => {
    this.#assertMayRead(type)
    const { overlay, store, caller } = this.#parts
    const key = { type, id }
    const changed = overlay.get(overlayKey(key))
    if (changed !== undefined) return typed<T>(changed)
    const { records } = await store.getMany({ keys: [key] }, caller)
    const record = records[0] ?? undefined
    this.#note(key, record)
    return record === undefined ? undefined : typed<T>(record)
  }

  readonly list = async <T extends RecordType>(
    { name: type }: T,
    selection: { readonly where?: JsonObject; readonly limit?: number } = {},
  ): Promise<readonly Record<RecordData<T>>[]> => {
    this.#assertMayRead(type)
    const { where, limit = pageMax } = selection
    const { overlay, store, caller } = this.#parts
    const orderBy = [{ field: 'id' }]
    const asked = where === undefined ? { type, orderBy } : { type, orderBy, where }
    // As many more as may be hidden by what the steps before have changed.
    const asMany = Math.min(pageMax, limit + overlay.size)
    const { records } = await store.list({ ...asked, limit: asMany }, caller)
    const filter = store.recordFilter(type, where ?? {})
    const own = [...overlay.values()].filter((record) => record.type === type)
    const kept = records.filter((record) => !overlay.has(overlayKey(record)))
    for (const record of kept) this.#note(record, record)
    return [...kept, ...own.filter((one) => one.lifecycle === 'active' && filter.fits(one))]
      .sort((left, right) => compareCodePoints(left.id, right.id))
      .slice(0, limit)
      .map((record) => typed<T>(record))
  }

  #note(
    { type, id }: { readonly type: string; readonly id: string },
    record: Record | undefined,
  ): void {
    const key = overlayKey({ type, id })
    if (!this.#seen.has(key)) this.#seen.set(key, { type, id, version: record?.version ?? null })
  }

  #assertMayRead(type: string): void {
    if (!this.#parts.types.includes(type)) {
      throw new OrionError('forbidden', `the action reads ${type}, which it does not declare`, {
        needs: 'an action that names all of its record types',
      })
    }
    assertMay(this.#parts.caller, 'read', [type])
  }
}

/** What a view is made of. */
export interface ReadViewParts {
  readonly store: StoreApi
  readonly caller: GovernedCaller
  /** The record types that the action declares. */
  readonly types: readonly string[]
  readonly overlay: Overlay
  readonly signal: AbortSignal
  readonly at: Instant
}

/** The store has checked the record against its type, which is the one that was asked for. */
function typed<T extends RecordType>(record: Record): Record<RecordData<T>> {
  return record as Record<RecordData<T>>
}
