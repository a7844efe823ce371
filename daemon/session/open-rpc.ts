/** The OpenRPC document of the interface, generated from the declarations that serve it. */
import { z } from 'zod'
import { isJsonObject, type JsonObject } from '../../sdk/json.ts'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { notifications, requests } from '../../sdk/protocol/methods.ts'

/** Describes every request; notifications stand under `x-notifications`, which OpenRPC has no place for. */
export function openRpcDocument(version: string): JsonObject {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Orion',
      version,
      description:
        'JSON-RPC 2.0 in frames of Content-Length and UTF-8 JSON, as in the language server protocol.',
    },
    methods: requests.map(describeRequest),
    components: { errors },
    'x-notifications': notifications.map(({ method, params, summary, direction }) => ({
      name: method,
      summary,
      direction,
      params: schemaOf(params, 'input'),
    })),
  }
}

/**
 * The document with the record types of a store.
 *
 * @param schemas - The JSON Schema of the data of each type, by its name.
 */
export function withRecordTypes(document: JsonObject, schemas: JsonObject): JsonObject {
  return { ...document, components: { errors, schemas } }
}

/** One request, as a method of the document. */
export function describeRequest(definition: RequestDefinition): JsonObject {
  const params = schemaOf(definition.params, 'input')
  return {
    name: definition.method,
    summary: definition.summary,
    paramStructure: 'by-name',
    params: contentDescriptors(params),
    'x-params': params,
    result: { name: 'result', schema: schemaOf(definition.result, 'output') },
    errors: Object.keys(errors).map((kind) => ({ $ref: `#/components/errors/${kind}` })),
    ...(definition.scope === undefined ? {} : { 'x-scope': definition.scope }),
  }
}

/** OpenRPC lists parameters one by one; the schema of the whole is kept beside them. */
function contentDescriptors(params: JsonObject): JsonObject[] {
  const properties = isJsonObject(params.properties) ? params.properties : {}
  const required = Array.isArray(params.required) ? params.required : []
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    required: required.includes(name),
    schema,
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const text = JSON.stringify(
    z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any', reused: 'inline' }),
  )
  const { $schema: _dialect, ...rest } = JSON.parse(text) as JsonObject
  return rest
}

const errors: JsonObject = Object.fromEntries(
  Object.entries(errorCodes).map(([kind, code]) => [kind, errorOf(kind, code)]),
)

function errorOf(kind: string, code: number): JsonObject {
  return { code, message: kind, data: { kind } }
}
