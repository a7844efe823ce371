/** Record types as TypeScript, for programs that use what others have defined. */
import { kinds } from '../../../sdk/field-shape.ts'
import { isJsonObject, type Json, type JsonObject } from '../../../sdk/json.ts'

/** One record type, as `type/get` describes it. */
export interface DescribedType {
  readonly name: string
  readonly schemaVersion: number
  readonly description?: string | undefined
  readonly fields: JsonObject
  readonly indexes?: readonly (readonly string[])[] | undefined
}

/** A module that declares the types: what it exports has the very definitions that the store has. */
export function typeSource(types: readonly DescribedType[]): string {
  const makers = new Set<string>(['defineRecordType'])
  const declarations = types.map((type) => declarationOf(type, makers))
  const imports = [...makers].sort().join(', ')
  const versions = types.map(({ name, schemaVersion }) => `${name} ${schemaVersion}`).join(', ')
  return [
    `/** Made by \`orion types generate\`; do not edit. Schema versions: ${versions}. */`,
    `import { ${imports} } from 'orion/sdk'`,
    ...declarations.map((declaration) => `\n${declaration}`),
    '',
  ].join('\n')
}

function declarationOf(type: DescribedType, makers: Set<string>): string {
  const { name, description, fields, indexes = [] } = type
  const members = [
    ...(description === undefined ? [] : [`  description: ${JSON.stringify(description)},`]),
    `  fields: ${fieldsSource(fields, makers, '  ')},`,
    ...(indexes.length === 0 ? [] : [`  indexes: ${JSON.stringify(indexes)},`]),
  ]
  return `export const ${name} = defineRecordType(${JSON.stringify(name)}, {\n${members.join('\n')}\n})`
}

function fieldsSource(fields: JsonObject, makers: Set<string>, indent: string): string {
  const lines = Object.entries(fields).map(
    ([name, field]) => `${indent}  ${name}: ${fieldSource(field, makers, indent)},\n`,
  )
  return `{\n${lines.join('')}${indent}}`
}

function fieldSource(field: Json, makers: Set<string>, indent: string): string {
  if (!isJsonObject(field)) throw new Error('expected the definition of a field')
  const { kind, items, fields, values, to, ...traits } = field
  const maker = String(kind)
  if (!isKnown(maker)) {
    throw new Error(`there is a field of the kind ${maker}, which a newer orion knows: update it`)
  }
  makers.add(maker)
  const inner = `${indent}  `
  const first = {
    list: () => fieldSource(items ?? null, makers, inner),
    object: () => fieldsSource(isJsonObject(fields) ? fields : {}, makers, inner),
    enumeration: () => JSON.stringify(values),
    reference: () => JSON.stringify(to),
  }[maker]
  const last = Object.keys(traits).length === 0 ? [] : [traitsSource(traits)]
  return `${maker}(${[...(first === undefined ? [] : [first()]), ...last].join(', ')})`
}

/** What the SDK exports, and nothing else that a definition might name. */
function isKnown(kind: string): boolean {
  return kinds.some((known) => known === kind)
}

function traitsSource(traits: JsonObject): string {
  const members = Object.entries(traits).map(([name, value]) => `${name}: ${valueSource(value)}`)
  return `{ ${members.join(', ')} }`
}

/** In an object literal, `__proto__` is no member; and a type may be called JSON. */
function valueSource(value: Json): string {
  const text = JSON.stringify(value)
  return text.includes('"__proto__"') ? `globalThis.JSON.parse(${JSON.stringify(text)})` : text
}
