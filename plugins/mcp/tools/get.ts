import { z } from 'zod'
import type { FieldDefinition } from '../../../sdk/field.ts'
import type { RecordVersion } from '../../../sdk/model.ts'
import { GetManyRecords, GetRecord, RecordHistory } from '../../../sdk/protocol/records.ts'
import { ListTypes } from '../../../sdk/protocol/types.ts'
import { Answer } from '../answer.ts'
import { detail, id, limit, maxTokens, type } from '../arguments.ts'
import { cut, type Detail, dataText, nameOf, plain, recordLine } from '../record-text.ts'
import { defineTool, type ToolCall, ToolInputError } from '../tool.ts'

/** Records by id, old versions and histories, and what the types look like. */
export const getTool = defineTool({
  name: 'get',
  description:
    'Read records by id, an old version, or a history. Type alone: its fields. No arguments: the record types.',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: z.strictObject({
    type: type.optional(),
    ids: z.array(id).min(1).max(100).optional(),
    version: z.int().min(1).optional(),
    history: z.boolean().optional(),
    limit,
    detail,
    maxTokens,
  }),
  examples: [{ type: 'OrionInsight', ids: ['i-42'], detail: 'full' }],
  run: async ({ type, ids = [], version, history, limit, detail, maxTokens }, call) => {
    const answer = new Answer(maxTokens)
    const [id] = ids
    if (type === undefined) {
      if (id !== undefined) throw new ToolInputError('type: expected the record type of these ids')
      await listTypes(answer, call)
    } else if (id === undefined) await showType(answer, type, call)
    else if (history === true) await showHistory(answer, { type, id, limit }, call)
    else if (version !== undefined) await showVersion(answer, { type, id, version, detail }, call)
    else await showRecords(answer, { type, ids, detail }, call)
    if (answer.omitted > 0) answer.say(`${answer.omitted} more; ask for fewer, or more maxTokens`)
    return { text: answer.toString() }
  },
})

async function listTypes(answer: Answer, { client, signal }: ToolCall): Promise<void> {
  const { types } = await client.request(ListTypes, { count: true }, { signal })
  for (const { name, count, description = '' } of types) {
    answer.offer(`${name} (${count ?? '?'}) ${dataText(cut(description, 100))}`)
  }
}

async function showType(answer: Answer, type: string, call: ToolCall): Promise<void> {
  const { fields } = await call.agent.typeOutline(call.client, type, call.signal)
  answer.say(`${type} fields:`)
  for (const [name, field] of Object.entries(fields)) answer.offer(fieldLine(name, field))
}

/** `confidenceScore number 0..1 =1: how sure it is`. */
function fieldLine(name: string, field: FieldDefinition): string {
  const traits = [kindOf(field)]
  if (field.managed === true) traits.push('(managed: not to be written)')
  else if (field.default !== undefined) traits.push(`=${cut(dataText(field.default), 40)}`)
  else if (field.optional !== true) traits.push('required')
  const about = field.description === undefined ? '' : ` ${dataText(cut(field.description, 100))}`
  return `${name} ${traits.join(' ')}${about}`
}

function kindOf(field: FieldDefinition): string {
  switch (field.kind) {
    case 'list':
      return `[${kindOf(field.items)}]`
    case 'enumeration':
      return field.values.map(plain).join('|')
    case 'reference':
      return `id of ${field.to}`
    case 'object':
      return `{${Object.keys(field.fields).map(plain).join(',')}}`
    case 'number':
    case 'integer': {
      const { minimum = '', maximum = '' } = field
      return minimum === '' && maximum === '' ? field.kind : `${field.kind} ${minimum}..${maximum}`
    }
    default:
      return field.kind
  }
}

async function showRecords(
  answer: Answer,
  asked: { readonly type: string; readonly ids: readonly string[]; readonly detail: Detail },
  call: ToolCall,
): Promise<void> {
  const { type, ids, detail } = asked
  const outline = await call.agent.typeOutline(call.client, type, call.signal)
  const keys = ids.map((id) => ({ type, id }))
  const { records } = await call.client.request(GetManyRecords, { keys }, { signal: call.signal })
  for (const [index, record] of records.entries()) {
    if (record === null) answer.offer(`${nameOf({ type, id: ids[index] ?? '' })} not found`)
    else if (answer.offer(recordLine(record, detail, outline))) call.agent.note(record)
  }
}

async function showVersion(
  answer: Answer,
  asked: {
    readonly type: string
    readonly id: string
    readonly version: number
    readonly detail: Detail
  },
  call: ToolCall,
): Promise<void> {
  const { type, id, version, detail } = asked
  const outline = await call.agent.typeOutline(call.client, type, call.signal)
  const params = { type, id, version }
  const record = await call.client.request(GetRecord, params, { signal: call.signal })
  answer.offer(recordLine(record, detail, outline))
}

async function showHistory(
  answer: Answer,
  asked: { readonly type: string; readonly id: string; readonly limit: number },
  call: ToolCall,
): Promise<void> {
  const { versions, next } = await call.client.request(RecordHistory, asked, {
    signal: call.signal,
  })
  for (const version of versions) answer.offer(versionLine(version))
  if (next !== undefined) answer.say('older versions are left out; raise limit')
}

function versionLine({ version, op, at, actor, changedFields, reason }: RecordVersion): string {
  const isTelling = op !== 'created' && changedFields.length > 0
  const fields = isTelling ? ` ${changedFields.map(plain).join(',')}` : ''
  const model = actor.claims?.model === undefined ? '' : ` (${plain(actor.claims.model)})`
  const why = reason === undefined ? '' : ` reason ${dataText(cut(reason, 120))}`
  return `v${version} ${op}${fields} by ${plain(actor.principal)}${model} at ${at}${why}`
}
