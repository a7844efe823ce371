import type { JsonObject } from '../../sdk/json.ts'
import { SearchRecords } from '../../sdk/protocol/search.ts'
import { foldText } from './fold-text.ts'
import { cut, dataText, nameOf, type TypeOutline, titleField } from './record-text.ts'
import { successionField } from './succession.ts'
import type { ToolCall } from './tool.ts'

/**
 * What is in the store already of what is about to be created: a record that says the same, or nearly. Only types with a
 * title that outweighs their other texts are looked at; of others, such as logs, many are meant to be alike.
 *
 * @returns A line for the model, or undefined if it is new.
 */
export async function duplicateLine(
  type: string,
  data: JsonObject,
  call: ToolCall,
): Promise<string | undefined> {
  const outline = await call.agent.typeOutline(call.client, type, call.signal)
  const title = titleOf(outline, data)
  if (title === undefined) return undefined
  const recalled = call.agent.recalledFrom(title)
  if (recalled !== undefined) {
    return `NOT STORED: this text was read from ${recalled} in this session; it is there already. allowDuplicate:true insists`
  }
  const words = wordsOf(title)
  if (words.length === 0) return undefined
  const params = { query: words.map((word) => `"${word}"`).join(' OR '), types: [type], limit: 5 }
  const { hits } = await call.client.request(SearchRecords, params, { signal: call.signal })
  const replaced = data[successionField]
  for (const { record } of hits) {
    // What takes the place of a record may well be like it.
    if (Array.isArray(replaced) && replaced.includes(record.id)) continue
    const other = titleOf(outline, record.data)
    if (other === undefined || likeness(title, other) < nearlyTheSame) continue
    call.agent.note(record)
    const name = `${nameOf(record)} v${record.version}`
    return `NOT STORED: nearly the same is there, ${name} ${dataText(cut(other, 160))}; update that one, or repeat with allowDuplicate:true`
  }
  return undefined
}

function titleOf(outline: TypeOutline, data: JsonObject): string | undefined {
  const name = titleField(outline)
  const weight = name === undefined ? 0 : Number(outline.fields[name]?.searchable ?? 0)
  const title = name === undefined ? undefined : data[name]
  return weight > 1 && typeof title === 'string' ? title : undefined
}

/** Words to look for: few, because each costs time, and parts of those that are written without spaces. */
function wordsOf(title: string): string[] {
  const words = title.slice(0, queriedMaxLength).match(/[\p{L}\p{N}]+/gu) ?? []
  return [
    ...new Set(words.map((word) => word.slice(0, /^[\p{ASCII}]+$/u.test(word) ? 40 : 4))),
  ].slice(0, wordsMax)
}

/** How alike two texts are, from 0 to 1: the share of their groups of three signs that both have. */
export function likeness(left: string, right: string): number {
  const [some, others] = [trigrams(left), trigrams(right)]
  if (some.size === 0 || others.size === 0) return 0
  let both = 0
  for (const trigram of some) if (others.has(trigram)) both++
  return both / (some.size + others.size - both)
}

function trigrams(text: string): ReadonlySet<string> {
  const folded = ` ${foldText(text.slice(0, comparedMaxLength))} `
  return new Set(Array.from({ length: folded.length - 2 }, (_, at) => folded.slice(at, at + 3)))
}

const wordsMax = 16
const queriedMaxLength = 400
const nearlyTheSame = 0.7
const comparedMaxLength = 2000
