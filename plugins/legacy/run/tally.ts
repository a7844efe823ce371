/** Counts rows by what became of them, and keeps the first examples of each kind. */
import type { Notice } from '../convert/convert-row.ts'
import { type Repair, type RepairKind, repairTexts } from '../convert/repairs.ts'
import { legacyTypeOf, rowKeyOf, type SourceRow, textAt } from '../convert/source-row.ts'
import type { Pile } from '../record-types.ts'
import { noticeTexts, reasonText } from '../report/texts.ts'

/** Where a row ended in this run. */
export type RunPile = Pile | 'unchanged'

/** How many rows ended in each pile. They add up to the rows read. */
export type PileCounts = { readonly [pile in RunPile]: number }

/** Rows of one type. */
export interface TypeCounts extends PileCounts {
  readonly type: string
  readonly read: number
}

/** Rows with one thing in common, and the first of them. */
export interface Group {
  readonly kind: string
  readonly text: string
  readonly rows: number
  readonly examples: readonly Example[]
}

/** One row of a group. */
export interface Example {
  /** Id of its LegacyRow. */
  readonly row: string
  readonly id: string
  readonly detail: string
}

/** What a run has counted. */
export interface Counted {
  readonly read: number
  readonly piles: PileCounts
  readonly types: readonly TypeCounts[]
  readonly repairs: readonly Group[]
  readonly quarantine: readonly Group[]
  readonly notices: readonly Group[]
  /** Rows that were changed in the file since an earlier run, and brought up to date here. */
  readonly refreshed: number
}

const examplesMax = 3
const detailMaxLength = 200

/** Counts the rows of one run. */
export class Tally {
  #refreshed = 0
  readonly #types = new Map<string, { -readonly [name in RunPile | 'read']: number }>()
  readonly #repairs = new Groups(kindText)
  readonly #quarantine = new Groups(reasonText)
  readonly #notices = new Groups((kind) => textNamed(noticeTexts, kind))

  /** A row that ended as a record. */
  record(
    row: SourceRow,
    pile: Exclude<RunPile, 'quarantined' | 'unchanged'>,
    told: { readonly repairs: readonly Repair[]; readonly notices: readonly Notice[] },
  ): void {
    this.#count(row, pile)
    const kinds = new Set<RepairKind>()
    for (const repair of told.repairs) {
      if (!kinds.has(repair.kind)) {
        this.#repairs.add(repair.kind, exampleOf(row, detailOf(repair)))
      }
      kinds.add(repair.kind)
    }
    for (const notice of told.notices) this.#notices.add(notice, exampleOf(row, ''))
  }

  quarantined(row: SourceRow, told: { readonly reason: string; readonly detail: string }): void {
    this.#count(row, 'quarantined')
    this.#quarantine.add(told.reason, exampleOf(row, told.detail))
  }

  unchanged(row: SourceRow): void {
    this.#count(row, 'unchanged')
  }

  refreshed(): void {
    this.#refreshed += 1
  }

  /** What was counted so far. */
  counted(): Counted {
    const types = [...this.#types]
      .map(([type, counts]) => ({ type, ...counts }))
      .sort((left, right) => right.read - left.read || (left.type < right.type ? -1 : 1))
    const sum = (name: RunPile | 'read'): number => types.reduce((all, one) => all + one[name], 0)
    return {
      read: sum('read'),
      piles: {
        migrated: sum('migrated'),
        repaired: sum('repaired'),
        carried: sum('carried'),
        quarantined: sum('quarantined'),
        unchanged: sum('unchanged'),
      },
      types,
      repairs: this.#repairs.all(),
      quarantine: this.#quarantine.all(),
      notices: this.#notices.all(),
      refreshed: this.#refreshed,
    }
  }

  #count(row: SourceRow, pile: RunPile): void {
    const type = legacyTypeOf(row) ?? '(no type)'
    // Many odd types would make this grow with the file.
    const name = this.#types.has(type) || this.#types.size < typesMax ? type : '(other types)'
    const counts = this.#types.get(name) ?? { ...none }
    counts.read += 1
    counts[pile] += 1
    this.#types.set(name, counts)
  }
}

const typesMax = 200
const none = { read: 0, migrated: 0, repaired: 0, carried: 0, quarantined: 0, unchanged: 0 }

/** What was there. How the payload as a whole was stored is said by the kind alone. */
function detailOf({ field, was }: Repair): string {
  if (was !== '') return `${field} was ${was}`
  return field === 'data' ? '' : `${field} was nothing`
}

function kindText(kind: string): string {
  return textNamed(repairTexts, kind)
}

function textNamed(texts: { readonly [kind: string]: string }, kind: string): string {
  return texts[kind] ?? kind
}

function exampleOf(row: SourceRow, detail: string): Example {
  const id = textAt(row, 'id') ?? ''
  return { row: rowKeyOf(row), id: cut(id, 80), detail: cut(detail, detailMaxLength) }
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`
}

class Groups {
  readonly #groups = new Map<string, { rows: number; examples: Example[] }>()
  readonly #text: (kind: string) => string

  constructor(text: (kind: string) => string) {
    this.#text = text
  }

  add(kind: string, example: Example): void {
    const group = this.#groups.get(kind) ?? { rows: 0, examples: [] }
    group.rows += 1
    if (group.examples.length < examplesMax) group.examples.push(example)
    this.#groups.set(kind, group)
  }

  all(): Group[] {
    return [...this.#groups]
      .map(([kind, { rows, examples }]) => ({ kind, text: this.#text(kind), rows, examples }))
      .sort((left, right) => right.rows - left.rows || (left.kind < right.kind ? -1 : 1))
  }
}
