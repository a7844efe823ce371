/** The tables of the documents, from the declarations that serve them. */
import { z } from 'zod'
import { defaultLimits } from '../../daemon/limits.ts'
import { describeRequest, openRpcDocument } from '../../daemon/session/open-rpc.ts'
import { type ErrorKind, isRetryable } from '../../sdk/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { daemonToPlugin } from '../../sdk/protocol/plugin-messages.ts'
import * as schemas from '../../sdk/protocol/schemas.ts'
import { VERSION } from '../../sdk/version.ts'
import { type DeclaredMember, readInterface } from './declared-interface.ts'

/** The documents with generated parts, and which; each stands between `<!-- NAME -->` and `<!-- /NAME -->`. */
const generatedParts = {
  'PROTOCOL.md': ['requests', 'plugin requests', 'shapes', 'notifications', 'errors'],
  'docs/settings.md': ['limits'],
} as const
/** A document with generated parts. */
export type GeneratedDocument = keyof typeof generatedParts
/** The paths of those documents. */
export const generatedDocuments: readonly GeneratedDocument[] = ['PROTOCOL.md', 'docs/settings.md']
type PartName = (typeof generatedParts)[GeneratedDocument][number]

/** Puts the generated parts into a document; the rest of it stays. */
export function withGeneratedParts(name: GeneratedDocument, document: string): string {
  const parts: readonly PartName[] = generatedParts[name]
  return parts.reduce((text, part) => {
    const [start, end] = [`<!-- ${part} -->`, `<!-- /${part} -->`]
    const from = text.indexOf(start)
    const to = text.indexOf(end)
    if (from < 0 || to < from) throw new Error(`expected ${start} and ${end} in ${name}`)
    return `${text.slice(0, from)}${start}\n${tableOf(part)}\n${text.slice(to)}`
  }, document)
}

function tableOf(name: PartName): string {
  const document = openRpcDocument(VERSION)
  switch (name) {
    case 'requests':
      return table(
        ['method', 'parameters', 'result', 'scope', 'what'],
        list(document.methods).map(requestRow),
      )
    case 'plugin requests':
      return table(
        ['method', 'parameters', 'result', 'what'],
        daemonToPlugin.map((definition) => pluginRequestRow(describeRequest(definition))),
      )
    case 'notifications':
      return table(
        ['method', 'direction', 'payload', 'what'],
        list(document['x-notifications']).map(noticeRow),
      )
    case 'shapes':
      return table(['shape', 'members'], shapeRows())
    case 'errors':
      return table(['code', 'kind', 'more data', 'what it means, and what to do'], errorRows())
    case 'limits':
      return table(['limit', 'default', 'what'], limitRows())
  }
}

/** The shapes that several messages share, named as this page names them. */
function shapeRows(): string[][] {
  const { record, writeResult, event, recordVersion, actor, claims } = schemas
  const shapes = { Record: record, WriteResult: writeResult, Event: event }
  const more = { RecordVersion: recordVersion, Actor: actor, Claims: claims }
  return Object.entries({ ...shapes, ...more }).map(([name, schema]) => [
    name,
    members(JSON.parse(JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any' })))),
  ])
}

/** In the order of the codes; those that never travel are told apart by their meaning. */
function errorRows(): string[][] {
  const declared = readInterface('sdk/errors.ts', 'ErrorDataByKind')
  const kinds = declared.filter(isErrorKind)
  return kinds
    .toSorted((left, right) => errorCodes[left.name] - errorCodes[right.name])
    .map(({ name, about, members: more }) => [
      `${errorCodes[name]}`,
      `\`${name}\``,
      more.map((member) => `\`${member}\``).join(', '),
      `${about}${isRetryable(name) ? ' *Retryable.*' : ''}`,
    ])
}

function isErrorKind(member: DeclaredMember): member is DeclaredMember & { name: ErrorKind } {
  return Object.hasOwn(errorCodes, member.name)
}

function limitRows(): string[][] {
  const declared = readInterface('daemon/limits.ts', 'Limits')
  return Object.entries(defaultLimits).map(([name, value]) => [
    `\`${name}\``,
    withUnit(name, value),
    declared.find((member) => member.name === name)?.about ?? '',
  ])
}

/** A limit's value for people; its unit is the end of its name. */
function withUnit(name: string, value: number): string {
  const units = unitsByEnding.find(([ending]) => name.endsWith(ending))?.[1] ?? []
  const [size, unit] = units.find(([one]) => value >= one && value % one === 0) ?? [1, '']
  return `${(value / size).toLocaleString('en')} ${unit}`.trim()
}

const unitsByEnding: readonly (readonly [string, readonly (readonly [number, string])[]])[] = [
  [
    'Bytes',
    [
      [1024 ** 2, 'MiB'],
      [1024, 'KiB'],
      [1, 'bytes'],
    ],
  ],
  ['Kib', [[1024, 'MiB']]],
  [
    'Ms',
    [
      [3_600_000, 'h'],
      [60_000, 'min'],
      [1000, 's'],
      [1, 'ms'],
    ],
  ],
]

/** Scopes are for those who ask the daemon; here it is the one who asks. */
function pluginRequestRow(method: JsonObject): string[] {
  const [name = '', params = '', result = '', , about = ''] = requestRow(method)
  return [name, params, result, about]
}

function requestRow(method: JsonObject): string[] {
  const result = isJsonObject(method.result) ? method.result.schema : undefined
  return [
    `\`${method.name}\``,
    members(method['x-params']),
    members(result),
    typeof method['x-scope'] === 'string' ? method['x-scope'] : '',
    String(method.summary),
  ]
}

function noticeRow(notice: JsonObject): string[] {
  return [
    `\`${notice.name}\``,
    String(notice.direction),
    members(notice.params),
    String(notice.summary),
  ]
}

/** The members of an object's schema, those that may be left out with a question mark. */
function members(schema: Json | undefined): string {
  if (schema === undefined || !isJsonObject(schema)) return ''
  if (!isJsonObject(schema.properties)) return schema.type === 'null' ? '`null`' : ''
  const required = Array.isArray(schema.required) ? schema.required : []
  const names = Object.keys(schema.properties).map((name) =>
    required.includes(name) ? name : `${name}?`,
  )
  return names.length === 0 ? '' : `\`{${names.join(', ')}}\``
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return ['', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n')
}
