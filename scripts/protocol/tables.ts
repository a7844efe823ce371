/** The tables of PROTOCOL.md, from the declarations that serve them. */
import { openRpcDocument } from '../../daemon/session/open-rpc.ts'
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { VERSION } from '../../sdk/version.ts'

/** The names of the generated parts; each stands between `<!-- NAME -->` and `<!-- /NAME -->`. */
export const partNames = ['requests', 'notifications', 'errors'] as const
type PartName = (typeof partNames)[number]

/** Puts the generated parts into the document; the rest of it stays. */
export function withGeneratedParts(document: string): string {
  return partNames.reduce((text, name) => {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
    const from = text.indexOf(start)
    const to = text.indexOf(end)
    if (from < 0 || to < from) throw new Error(`expected ${start} and ${end} in PROTOCOL.md`)
    return `${text.slice(0, from)}${start}\n${tableOf(name)}\n${text.slice(to)}`
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
    case 'notifications':
      return table(
        ['method', 'direction', 'payload', 'what'],
        list(document['x-notifications']).map(noticeRow),
      )
    case 'errors':
      return table(
        ['code', 'kind'],
        Object.entries(errorCodes).map(([kind, code]) => [`${code}`, `\`${kind}\``]),
      )
  }
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
