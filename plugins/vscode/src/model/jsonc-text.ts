/** JSON as people write it: with comments and commas at the end. */
import { isJsonObject, type JsonObject } from '../../../../sdk/json.ts'

/**
 * The object that a text says.
 *
 * @throws SyntaxError that says where it is wrong.
 */
export function parseJsonc(text: string): JsonObject {
  const plain = withoutComments(text)
  if (plain.trim() === '') throw new SyntaxError('expected an object, got nothing')
  const value: unknown = JSON.parse(plain)
  if (!isJsonObject(value)) throw new SyntaxError('expected an object in braces')
  return value
}

/**
 * The text with blanks in the place of comments and of commas that nothing follows, so that what JSON says of a place still
 * holds. Texts in quotes stay as they are.
 */
function withoutComments(text: string): string {
  const token =
    /"(?:[^"\\\n]|\\.)*"?|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|,(?=(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*[}\]])/g
  return text.replace(token, (found) =>
    found.startsWith('"') ? found : found.replace(/[^\n]/g, ' '),
  )
}

/** An object as text to be edited: what can’t be seen is written as its code, which JSON reads back as the same. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(unseen, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** Outside of texts in quotes JSON has none of these. */
const unseen =
  /[\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu
