import type { z } from 'zod'
import { counted } from '../../../sdk/counted.ts'
import type { WriteResult } from '../../../sdk/model.ts'
import type { Transact } from '../../../sdk/protocol/records.ts'
import type { TextStyle } from '../print.ts'
import { safeText } from './safe-text.ts'

/** How a write is told. */
export type WrittenStyle = TextStyle & { readonly dryRun: boolean }

/** What a write did, in one line. */
export function writtenText(result: WriteResult, { colours, dryRun }: WrittenStyle): string {
  const { green, dim, yellow } = colours
  const what = safeText(`${result.type} ${result.id}`)
  const notes = [
    ...(result.record !== undefined && result.record.lifecycle !== 'active'
      ? [result.record.lifecycle]
      : []),
    ...(result.replayed ? ['done before with the same key'] : []),
    ...(dryRun ? ['dry run: nothing was kept'] : []),
  ]
  const note = notes.length === 0 ? '' : ` ${dim(`(${notes.join('; ')})`)}`
  if (!result.changed) {
    return `${yellow('unchanged')} ${what} is at version ${result.version} and was so already${note}\n`
  }
  return `${green('ok')} ${what} is at version ${result.version}${note}\n`
}

/** What a transaction did: a line for each operation, and its place in the log. */
export function transactText(
  { results, firstSeq, lastSeq, token }: z.output<typeof Transact.result>,
  style: WrittenStyle,
): string {
  const lines = results.map((result) => writtenText(result, style))
  const place = firstSeq === lastSeq ? `seq ${lastSeq}` : `seq ${firstSeq} to ${lastSeq}`
  return `${lines.join('')}${style.colours.dim(`${place}, ${token}`)}\n`
}

/** What became of many records, in one line. */
export function importedText(
  {
    type,
    done,
    dryRun,
  }: { readonly type: string; readonly done: number; readonly dryRun: boolean },
  { colours }: TextStyle,
): string {
  const what = `${counted(done, 'record')} of ${safeText(type)}`
  if (dryRun) return `${colours.green('ok')} ${what} would be created; nothing was kept\n`
  return `${colours.green('ok')} ${what} created\n`
}
