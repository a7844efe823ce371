/** Two changes of one record, brought together field by field. */
import { type JsonObject, jsonEqual } from '../../../../sdk/json.ts'
import { type EditHead, headLine } from './edit-document.ts'
import { jsonText } from './jsonc-text.ts'

/** The three states of a conflict. */
export interface ThreeWays {
  /** What both began with; undefined when it is not remembered any more. */
  readonly base: JsonObject | undefined
  readonly mine: JsonObject
  readonly theirs: JsonObject
}

/** What becomes of a field: one value, none, or two that somebody has to choose from. */
export type MergedField =
  | { readonly name: string; readonly kind: 'taken'; readonly value: JsonObject[string] }
  | { readonly name: string; readonly kind: 'gone' }
  | {
      readonly name: string
      readonly kind: 'conflict'
      readonly mine: JsonObject[string] | undefined
      readonly theirs: JsonObject[string] | undefined
    }

/** Merges: a field that one side alone has changed is as that side has it. In the order of mine, then of theirs. */
export function mergeData({ base, mine, theirs }: ThreeWays): MergedField[] {
  const names = [
    ...new Set([...Object.keys(mine), ...Object.keys(theirs), ...Object.keys(base ?? {})]),
  ]
  return names.map((name): MergedField => {
    const [before, my, their] = [base, mine, theirs].map((side) => memberOf(side, name))
    if (jsonEqual(my, their)) return taken(name, my)
    if (base !== undefined && jsonEqual(before, my)) return taken(name, their)
    if (base !== undefined && jsonEqual(before, their)) return taken(name, my)
    return { name, kind: 'conflict', mine: my, theirs: their }
  })
}

/** The names of the fields that both sides have changed, differently. */
export function conflictsOf(ways: ThreeWays): string[] {
  return mergeData(ways).flatMap(({ kind, name }) => (kind === 'conflict' ? [name] : []))
}

/**
 * The merged record as a document to be edited, based on their version. Where both sides changed a field both are there, between
 * marks that editors know: they offer to take one or the other.
 */
export function mergedDocument(head: EditHead, ways: ThreeWays, who: string): string {
  const fields = mergeData(ways).filter(({ kind }) => kind !== 'gone')
  const lines = fields.flatMap((field, index) => {
    const comma = index < fields.length - 1 ? ',' : ''
    if (field.kind === 'taken') return memberLines(field.name, field.value, comma)
    if (field.kind === 'gone') return []
    return [
      '<<<<<<< Mine',
      ...memberLines(field.name, field.mine, comma),
      '=======',
      ...memberLines(field.name, field.theirs, comma),
      `>>>>>>> ${who}`,
    ]
  })
  return `${headLine(head)}\n{\n${lines.join('\n')}\n}\n`
}

function taken(name: string, value: JsonObject[string] | undefined): MergedField {
  return value === undefined ? { name, kind: 'gone' } : { name, kind: 'taken', value }
}

function memberOf(side: JsonObject | undefined, name: string): JsonObject[string] | undefined {
  return side !== undefined && Object.hasOwn(side, name) ? side[name] : undefined
}

function memberLines(name: string, value: JsonObject[string] | undefined, comma: string): string[] {
  if (value === undefined) return []
  const text = `${JSON.stringify(name)}: ${jsonText(value)}${comma}`
  return text.split('\n').map((line) => `  ${line}`)
}
