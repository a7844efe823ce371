/** Asking how a list would be answered. */
import { z } from 'zod'
import { defineRequest } from './define.ts'
import { ListRecords } from './records.ts'
import * as shape from './schemas.ts'

/** One table or index that is gone through. */
const lookUp = z.object({
  /** `key`: the id itself; `table`: every row, one after the other. */
  through: z.enum(['key', 'index', 'table']),
  /** The fields of the index, in its order. */
  fields: z.array(z.string()),
  /** Those whose values lead to a place in it; none when it is read from its beginning. */
  entered: z.array(z.string()),
})

const condition = z.object({
  field: z.string(),
  operator: z.string(),
  /** `rows`: each row that was read is looked at. */
  servedBy: z.enum(['index', 'rows']),
  because: z.string().optional(),
})

export const ExplainRecords = defineRequest('record/explain', {
  params: ListRecords.params.omit({ fields: true, expand: true }),
  result: z.object({
    lookUps: z.array(lookUp),
    conditions: z.array(condition),
    /** `memory`: all that fit are read and sorted before the first is answered; `ties`: only equal ones are. */
    sorted: z.enum(['index', 'ties', 'memory']),
    rows: z.object({
      /** Rows that were looked at for this page. */
      read: z.int(),
      /** Records of the page. */
      answered: z.int(),
      /** Rows of the table, those of every lifecycle; what was purged may be counted too. */
      table: z.int(),
    }),
    /** False when the time of one turn was over: then the list goes through the whole table, in slices. */
    complete: z.boolean(),
    /** What would make it cheaper; `index` is what to declare in `indexes` of the type. */
    advice: z.array(z.object({ text: z.string(), index: z.array(z.string()).optional() })),
    /** The plan in SQLite's own words. */
    plan: z.array(z.string()),
    token: shape.token,
  }),
  scope: 'read',
  needs: ({ type }) => [{ scope: 'read', type }],
  summary:
    'How a list would be answered: through which index, how many rows it reads, what would help.',
})
