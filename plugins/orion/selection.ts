/** What the domain's own questions have in common. */
import type { ListOptions, SearchOptions } from '../../sdk/client/queries.ts'
import type { RecordType } from '../../sdk/record-type.ts'

/** How much of an answer is wanted, and from where; what is asked and in which order is the method's own. */
export type PageOf<T extends RecordType> = Pick<
  ListOptions<T>,
  'limit' | 'after' | 'lifecycle' | 'atLeast' | 'signal' | 'timeoutMs'
>

/** How much of what was found is wanted, and from where. */
export type FoundPart<T extends RecordType> = Pick<
  SearchOptions<T>,
  'limit' | 'after' | 'lifecycle' | 'highlight' | 'atLeast' | 'signal' | 'timeoutMs'
>

/** Most records of one answer unless said otherwise. */
export const usualLimit = 100
