import type { z } from 'zod'
import type { ExplainRecords } from '../../../sdk/protocol/explain.ts'
import type { TextStyle } from '../print.ts'
import { safeText } from './safe-text.ts'

type Explanation = z.output<typeof ExplainRecords.result>

/** How a list is answered, in sentences: what is gone through, what is looked at, what it costs, what would help. */
export function explanationText(
  explained: Explanation,
  { colours, verbose }: TextStyle & { readonly verbose: boolean },
): string {
  const { conditions, advice, plan } = explained
  const lines = [
    ...new Set(explained.lookUps.map(lookUpText)),
    ...conditions.filter(({ servedBy }) => servedBy === 'rows').map(rowsText),
    orderText(explained.sorted),
    costText(explained),
  ]
  const told = [
    ...lines.map((line) => safeText(line)),
    ...advice.map(({ text }) => `${colours.bold('what would help:')} ${safeText(text)}`),
    ...(verbose ? ['', ...plan.map((line) => colours.dim(safeText(line)))] : []),
  ]
  return `${told.join('\n')}\n`
}

function lookUpText({ through, fields, entered }: Explanation['lookUps'][number]): string {
  if (through === 'table') return 'goes through the whole table'
  if (through === 'key') return 'finds the record by its id'
  const name = `the index on ${fields.join(', ')}`
  if (entered.length === 0) return `goes through ${name} from its beginning, until the page is full`
  return `goes to the place in ${name} that ${entered.join(' and ')} ${entered.length === 1 ? 'leads' : 'lead'} to`
}

function rowsText({ field, operator, because }: Explanation['conditions'][number]): string {
  const why = because === undefined ? '' : `: ${because}`
  return `looks at each row for ${field} ${operator}${why}`
}

function orderText(sorted: Explanation['sorted']): string {
  if (sorted === 'index') return 'finds the records in their order'
  if (sorted === 'ties') return 'finds the records in their order, and sorts equal ones'
  return 'reads all that fit, and sorts them'
}

function costText({ rows, complete }: Explanation): string {
  const { read, answered, table } = rows
  if (complete) return `reads ${read} of ${table} rows for a page of ${answered}`
  return `had read ${read} of ${table} rows when its turn was over: such a list is read in slices, all rows of it`
}
