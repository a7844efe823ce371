/** Record types: which there are, what they look like, and how one is defined. */
import { z } from 'zod'
import { isJsonObject } from '../json.ts'
import type { RecordTypeDefinition } from '../record-type.ts'
import { defineRequest } from './define.ts'
import * as shape from './schemas.ts'

/** The definition's own rules are checked by `definitionProblems`; here only its outline is. */
export const recordTypeDefinition: z.ZodType<RecordTypeDefinition, RecordTypeDefinition> = z
  .custom<RecordTypeDefinition>(
    (value) => isJsonObject(value) && typeof value.name === 'string' && isJsonObject(value.fields),
    'expected a definition with a name and fields',
  )
  .meta({ type: 'object', required: ['name', 'fields'] })

export const ListTypes = defineRequest('type/list', {
  params: z.object({ count: z.boolean().optional() }).optional(),
  result: z.object({
    types: z.array(
      z.object({
        name: z.string(),
        schemaVersion: z.int(),
        description: z.string().optional(),
        count: z.int().optional(),
      }),
    ),
  }),
  scope: 'read',
  reach: 'some',
  summary: 'The record types of the store; with `count: true` also how many records each has.',
})

export const typeDescription = z.object({
  name: z.string(),
  schemaVersion: z.int(),
  description: z.string().optional(),
  fields: shape.jsonObject,
  indexes: z.array(z.array(z.string())).optional(),
  jsonSchema: shape.jsonObject,
})
export const GetType = defineRequest('type/get', {
  params: z.object({ type: shape.typeName }),
  result: typeDescription,
  scope: 'read',
  needs: ({ type }) => [{ scope: 'read', type }],
  summary: 'The whole definition of a record type with its JSON Schema.',
})

export const DefineType = defineRequest('type/define', {
  params: z.object({ definition: recordTypeDefinition, dryRun: z.boolean().optional() }),
  result: z.object({
    name: z.string(),
    schemaVersion: z.int(),
    changes: z.array(z.object({ change: z.string(), field: z.string().optional() })),
    changed: z.boolean(),
  }),
  scope: 'define',
  needs: ({ definition }) => [{ scope: 'define', type: definition.name }],
  summary: 'Adds a record type, or fields to one; any other change needs a migration.',
})
