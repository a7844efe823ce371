/** Searching from a program. */
import { SearchRecords } from '../protocol/search.ts'
import type { RecordType } from '../record-type.ts'
import type { Caller } from './caller.ts'
import type { FoundPage, WideSearchOptions } from './queries.ts'
import type { TypeDefiner } from './type-definer.ts'
import { parseFound } from './typed-record.ts'

/** Searches records of one type, of several, or of all. */
export async function searchRecords<T extends RecordType>(
  { caller, definer }: { readonly caller: Caller; readonly definer: TypeDefiner },
  query: string,
  options: WideSearchOptions<T>,
): Promise<FoundPage<T>> {
  const { types, signal, timeoutMs, where, lifecycle, limit, after, highlight, atLeast } = options
  for (const type of types ?? []) await definer.ensure(type, { signal, timeoutMs })
  const params = {
    query,
    types: types?.map(({ name }) => name),
    where,
    lifecycle: lifecycle && [...lifecycle],
    ...{ limit, after, highlight, atLeast },
  }
  return parseFound<T>(await caller.call(SearchRecords, params, { signal, timeoutMs }))
}
