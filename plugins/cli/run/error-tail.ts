import { stripVTControlCharacters } from 'node:util'
import type { Masker } from './mask.ts'
import type { TailBuffer } from './tail-buffer.ts'

/** How much of the error output is recorded, in UTF-16 units. */
export const errorTailMaxLength = 4096

/** How much has to be kept for it, so that a secret is seen whole although only its end would be recorded. */
export const errorWindowBytes = 4 * errorTailMaxLength

/**
 * The end of an error output as it may be recorded: without terminal control sequences, secrets masked, from the
 * beginning of a line where there is one.
 */
export function errorTail(kept: TailBuffer, masker: Masker): string {
  let text = kept.bytes().toString('utf8')
  const cut = kept.totalBytes > errorWindowBytes
  // The window may begin in the middle of a secret; secrets hold no white space, so a first broken word is left out.
  if (cut) text = text.replace(/^\S*\s?/, '')
  text = masker.text(stripControls(text))
  if (cut) text = text.replace(/^.*-----END [A-Z ]*PRIVATE KEY-----/s, '')
  if (text.length > errorTailMaxLength) {
    const end = text.slice(-errorTailMaxLength).toWellFormed()
    const lineStart = end.indexOf('\n') + 1
    text = `…${end.slice(lineStart < errorTailMaxLength / 2 ? lineStart : 0)}`
  }
  return text.trim()
}

/** Colours and cursor moves mean nothing in a record, and control characters may not stand in one. */
function stripControls(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/\p{Cc}/gu, (control) => (control === '\n' || control === '\t' ? control : ''))
}
