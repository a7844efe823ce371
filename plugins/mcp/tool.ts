import { z } from 'zod'
import type { Client } from '../../sdk/client/client.ts'
import { toJsonObject } from '../../sdk/client/typed-record.ts'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import type { Agent } from './agent.ts'
import type { News } from './news.ts'
import { cut } from './record-text.ts'

/** What a client may believe of a tool without trying it. */
export interface ToolAnnotations {
  readonly readOnlyHint: boolean
  readonly destructiveHint: boolean
  readonly idempotentHint: boolean
  readonly openWorldHint: false
}

/** One call of a tool. */
export interface ToolCall {
  readonly agent: Agent
  readonly client: Client
  readonly news: News
  readonly signal: AbortSignal
  /** What the client calls this call, if it says; the same when it repeats it. */
  readonly callId: string | undefined
}

/** What a tool answers: a text for the model. */
export interface ToolAnswer {
  readonly text: string
  /** Whether it is a failure that the model can repair. */
  readonly isError?: boolean
}

/** A tool as clients see it, and what it does. */
export interface Tool {
  readonly name: string
  readonly description: string
  readonly inputSchema: JsonObject
  readonly annotations: ToolAnnotations
  /** @throws ToolInputError if the arguments are not what the schema says; OrionError of the daemon's. */
  run(args: unknown, call: ToolCall): Promise<ToolAnswer>
}

/** Arguments that a tool can't take, in words that a model can act on. */
export class ToolInputError extends Error {}

/** Declares a tool by the schema of its arguments. */
export function defineTool<S extends z.ZodObject>(parts: {
  readonly name: string
  readonly description: string
  readonly annotations: Omit<ToolAnnotations, 'openWorldHint'>
  readonly input: S
  /** Arguments that work, shown in the schema and after a mistake. */
  readonly examples: readonly z.input<S>[]
  readonly run: (input: z.output<S>, call: ToolCall) => Promise<ToolAnswer>
}): Tool {
  const { name, description, annotations, input, examples } = parts
  return {
    name,
    description,
    annotations: { ...annotations, openWorldHint: false },
    inputSchema: { ...compactSchema(input), examples: examples.map(toJsonObject) },
    run: async (args, call) => {
      const parsed = input.safeParse(args ?? {})
      if (parsed.success) return await parts.run(parsed.data, call)
      throw new ToolInputError(
        `${problemsOf(parsed.error)}. Nothing was done. Example: ${JSON.stringify(examples[0])}`,
      )
    },
  }
}

/** What is wrong with the arguments: where, and what was expected. */
function problemsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .map((problem) => cut(problem, problemMaxLength))
    .join('; ')
}

const problemMaxLength = 160

/** The JSON Schema without what every client knows anyway: each word of it is read by a model in every session. */
function compactSchema(input: z.ZodObject): JsonObject {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  return prune(toJsonObject(schema))
}

function prune(node: JsonObject, isProperties = false): JsonObject {
  const kept = Object.entries(node).flatMap(([key, value]) => {
    if (!isProperties && leftOut.has(key)) return []
    if (typeof value === 'number' && Math.abs(value) === Number.MAX_SAFE_INTEGER) return []
    return [[key, pruneValue(value, key === 'properties' && !isProperties)] as const]
  })
  return Object.fromEntries(kept)
}

function pruneValue(value: Json | undefined, isProperties: boolean): Json {
  if (Array.isArray(value)) return value.map((item) => pruneValue(item, false))
  return isJsonObject(value) ? prune(value, isProperties) : (value ?? null)
}

/** A call that is over one of these is told so; few ever are. */
const leftOut: ReadonlySet<string> = new Set([
  '$schema',
  'additionalProperties',
  'propertyNames',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
])
