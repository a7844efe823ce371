/** Who names a record. */
import { z } from 'zod'
import { defineRequest } from './define.ts'
import { pageMax } from './records.ts'
import * as shape from './schemas.ts'

export const RecordReferrers = defineRequest('record/referrers', {
  params: z.object({
    type: shape.typeName,
    id: shape.recordId,
    from: shape.typeName.optional(),
    field: shape.fieldName.optional(),
    lifecycle: z.array(shape.lifecycle).min(1).max(3).optional(),
    limit: z.int().min(1).max(pageMax).optional(),
    after: z.string().max(8192).optional(),
    atLeast: shape.token.optional(),
  }),
  result: z.object({
    referrers: z.array(z.object({ field: z.string(), record: shape.record })),
    next: z.string().optional(),
    token: shape.token,
  }),
  scope: 'read',
  needs: ({ type, from }) =>
    [type, ...(from === undefined ? [] : [from])].map((name) => ({ scope: 'read', type: name })),
  summary:
    'A page of the records that name one by a reference, by type, field and id; a page may be short, or empty, and go on.',
})
