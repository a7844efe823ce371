/** Searching records by their words. */
import { z } from 'zod'
import { defineRequest } from './define.ts'
import { pageMax } from './records.ts'
import * as shape from './schemas.ts'

const snippet = z.object({
  field: z.string(),
  /** A part of the field's own text; `…` stands where something is left out. */
  text: z.string(),
  /** What was found in it, each from its beginning up to its end, in UTF-16 units of `text`. */
  marks: z.array(z.tuple([z.int(), z.int()])),
})
/** A part of a record's text, and where in it stands what was looked for. */
export type Snippet = z.infer<typeof snippet>

const hit = z.object({ record: shape.record, score: z.number(), snippet: snippet.optional() })

export const SearchRecords = defineRequest('record/search', {
  params: z.object({
    query: z.string(),
    types: z.array(shape.typeName).min(1).max(100).optional(),
    where: shape.jsonObject.optional(),
    limit: z.int().min(1).max(pageMax).optional(),
    after: z.string().max(8192).optional(),
    highlight: z.boolean().optional(),
    lifecycle: z.array(shape.lifecycle).min(1).max(3).optional(),
    fields: z.array(shape.fieldName).max(200).optional(),
    atLeast: shape.token.optional(),
  }),
  result: z.object({
    hits: z.array(hit),
    next: z.string().optional(),
    token: shape.token,
  }),
  scope: 'read',
  needs: ({ types = [] }) => types.map((type) => ({ scope: 'read' as const, type })),
  summary: 'The records with some words, of one or many types, the best first.',
})
