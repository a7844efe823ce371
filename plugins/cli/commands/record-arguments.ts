/** Arguments and flags that several commands on records share. */
import {
  proposeFilter,
  proposeIds,
  proposeOrder,
  proposeReferences,
  proposeTypes,
} from '../completion/proposals.ts'
import { parseOrder, parsePositive } from '../parse-flags.ts'

/** The name of a record type. */
export const typeArgument = {
  parse: String,
  placeholder: 'TYPE',
  brief: 'Name of a record type, such as OrionInsight; `orion types` lists them',
  proposeCompletions: proposeTypes,
} as const

/** The id of a record. */
export const idArgument = {
  parse: String,
  placeholder: 'ID',
  brief: 'Id of the record',
  proposeCompletions: proposeIds,
} as const

/** How long a page is. */
export const limitFlag = {
  kind: 'parsed',
  parse: parsePositive,
  optional: true,
  placeholder: 'N',
  brief: 'At most so many (default 50, at most 1000)',
} as const

/** Where a page begins. */
export const afterFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'CURSOR',
  brief: 'Go on after the page that gave this cursor as `next`',
} as const

/** A filter. */
export const whereFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'JSON',
  brief: 'Only records that fit, such as {"domain":"build","confidenceScore":{"gte":0.8}}',
  proposeCompletions: proposeFilter,
} as const

/** In which order. */
const orderFlag = {
  kind: 'parsed',
  parse: parseOrder,
  variadic: ',',
  optional: true,
  placeholder: 'FIELD:desc',
  brief: 'Order by this field; more than one with commas',
  proposeCompletions: proposeOrder,
} as const

/** References to follow. */
export const expandFlag = {
  kind: 'parsed',
  parse: String,
  variadic: ',',
  optional: true,
  placeholder: 'FIELD,…',
  brief: 'Also the records that these references name',
  proposeCompletions: proposeReferences,
} as const

/** Which lifecycles to look at. */
export const lifecycleFlag = {
  kind: 'enum',
  values: ['active', 'archived', 'deleted'],
  variadic: ',',
  optional: true,
  brief: 'Also these; default active alone',
} as const

/** Why something is written. */
export const reasonFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'TEXT',
  brief: 'Why; kept with the event',
} as const

/** What a write is based on. */
export const expectedVersionFlag = {
  kind: 'parsed',
  parse: parsePositive,
  optional: true,
  placeholder: 'N',
  brief: 'The version this is based on; without it the record is read first',
} as const

/** A write that keeps nothing. */
export const dryRunFlag = {
  kind: 'boolean',
  default: false,
  withNegated: false,
  brief: 'Check and answer everything, keep nothing',
} as const

/** A key that makes repeating safe. */
export const idempotencyKeyFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'KEY',
  brief: 'The same key again gives the first answer again and writes nothing twice',
} as const

/** The declarations of `WriteFlags`. */
export const writeFlags = {
  reason: reasonFlag,
  idempotencyKey: idempotencyKeyFlag,
  dryRun: dryRunFlag,
} as const

/** What makes a list: which records, in which order, which page. */
export const listFlags = {
  where: whereFlag,
  order: orderFlag,
  limit: limitFlag,
  after: afterFlag,
  lifecycle: lifecycleFlag,
} as const
