/** The parameters of reads, from the options that a repository is given. */
import type { RecordType } from '../record-type.ts'
import type { CountOptions, ListOptions } from './queries.ts'
import type { ReferrerOptions } from './referrers.ts'
import { toWhere } from './typed-record.ts'

/** What a list sends, but for what it shows of each record. */
export function listParams<T extends RecordType>(
  type: T,
  options: Omit<ListOptions<T>, 'fields' | 'expand'>,
) {
  const { where, orderBy, limit, after, lifecycle, atLeast } = options
  return {
    type: type.name,
    where: where === undefined ? undefined : toWhere(where),
    orderBy: orderBy?.map(({ field, direction }) => ({ field, direction })),
    limit,
    after,
    lifecycle: lifecycle && [...lifecycle],
    atLeast,
  }
}

/** What a count sends. */
export function countParams<T extends RecordType>(type: T, options: CountOptions<T>) {
  const { where, groupBy, lifecycle, atLeast } = options
  return {
    type: type.name,
    where: where === undefined ? undefined : toWhere(where),
    groupBy,
    lifecycle: lifecycle && [...lifecycle],
    atLeast,
  }
}

/** What a question who names a record sends. */
export function referrerParams<From extends RecordType>(
  type: RecordType,
  id: string,
  options: ReferrerOptions<From>,
) {
  const { from, field, lifecycle, limit, after, atLeast } = options
  return {
    type: type.name,
    id,
    from: from?.name,
    field,
    lifecycle: lifecycle && [...lifecycle],
    limit,
    after,
    atLeast,
  }
}
