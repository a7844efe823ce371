/**
 * Page cursors of searches: the place of the last hit, and the statistics by which it got its score. With these the records
 * that did not change have the same scores on the next page, however much is written meanwhile.
 */
import { isJsonObject, type Json } from '../../../sdk/json.ts'
import { digestOfList, openPageCursor, refusedCursor, sealPageCursor } from '../page-cursor.ts'

/** What a search is of, as far as its cursors are concerned: JSON that is the same for every page. */
export type SearchIdentity = Json

/** What all pages of one search have in common. */
export interface SearchStatistics {
  readonly documents: number
  /** By the index of a phrase. */
  readonly documentsWith: readonly number[]
  /** Words in a record on average, by type. */
  readonly averageLengths: { readonly [type: string]: number }
}

/** Where a hit stands: the best first, then the newest. */
export interface HitPlace {
  readonly score: number
  readonly type: string
  readonly row: number
}

/** What a cursor says. */
export interface SearchPosition {
  readonly after: HitPlace
  readonly statistics: SearchStatistics
}

/** @throws OrionError `too_large` when so many types are searched that their statistics are too long to be sent back. */
export function encodeSearchCursor(search: SearchIdentity, position: SearchPosition): string {
  const { score, type, row } = position.after
  const { documents, documentsWith, averageLengths } = position.statistics
  return sealPageCursor(
    [digestOfList(search), score, type, row, documents, [...documentsWith], { ...averageLengths }],
    'search in fewer types at a time',
  )
}

/** @throws OrionError `invalid_request` for a text that is no cursor, or that of another search. */
export function decodeSearchCursor(
  search: SearchIdentity,
  cursor: string,
  phrases: number,
): SearchPosition {
  const [digest, score, type, row, documents, documentsWith, averageLengths] =
    openPageCursor(cursor)
  if (digest !== digestOfList(search)) {
    throw refusedCursor('is the cursor of a search with another query, types, filter or lifecycle')
  }
  if (
    typeof type !== 'string' ||
    !isNumber(score) ||
    !isNumber(row) ||
    !isNumber(documents) ||
    !Array.isArray(documentsWith) ||
    documentsWith.length !== phrases ||
    !documentsWith.every(isNumber) ||
    averageLengths === undefined ||
    !isJsonObject(averageLengths) ||
    !Object.values(averageLengths).every(isNumber)
  ) {
    throw refusedCursor('is no page cursor of a search')
  }
  return {
    after: { score, type, row },
    statistics: {
      documents,
      documentsWith,
      averageLengths: averageLengths as SearchStatistics['averageLengths'],
    },
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
