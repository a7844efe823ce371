/** Command lines as a shell reads them, up to the cursor. */

/** The words of a line, and of the last one, at whose end the cursor is, also how it was typed. */
export interface ShellLine {
  /** The words before the last, without their quotes. */
  readonly before: readonly string[]
  readonly word: string
  /** The last word as it was typed. */
  readonly raw: string
  /** The quotes that are open at the cursor. */
  readonly quote: '' | "'" | '"'
}

/** Takes a line apart. What only a running shell knows (variables, commands inside) stays as it was typed. */
export function readShellLine(line: string): ShellLine {
  const words: string[] = []
  let word = ''
  let raw = ''
  let quote: ShellLine['quote'] = ''
  for (const token of line.match(/\\[\s\S]|[\s\S]/gu) ?? []) {
    if (quote === '' && /^[\s]$/.test(token)) {
      if (raw !== '') words.push(word)
      word = ''
      raw = ''
      continue
    }
    if (quote === "'") {
      // Inside these a backslash means itself; the token behind it may be the quote that ends them.
      for (const character of token) {
        if (character === "'" && quote !== '') quote = ''
        else word += character
      }
      raw += token
      continue
    }
    raw += token
    if (token.length > 1 && token.startsWith('\\')) {
      const character = token.slice(1)
      word += quote === '"' && !/["$`\\\n]/.test(character) ? token : character
    } else if (token === '"') quote = quote === '"' ? '' : '"'
    else if (token === "'" && quote === '') quote = "'"
    else word += token
  }
  return { before: words, word, raw, quote }
}

/** A text for the place of the last word, with what of it stands there already left out. */
export function bashReply(
  candidate: { readonly text: string; readonly goesOn: boolean },
  { line, current }: { readonly line: ShellLine; readonly current: string },
): string | undefined {
  if (!line.raw.endsWith(current)) return undefined
  // Bash takes a word apart at more characters than blanks, and asks for the last part alone.
  const kept = line.raw.slice(0, line.raw.length - current.length)
  const text = candidate.text.slice(readShellLine(kept).word.length)
  if (line.quote === "'") return text.replaceAll("'", `'\\''`)
  // Bash looks for old commands behind these, in such quotes too, and no sign keeps it from that.
  if (line.quote === '"' && text.includes('!')) return undefined
  if (line.quote === '"') return text.replace(/["$`\\]/g, '\\$&')
  const end = candidate.goesOn ? '' : ' '
  if (plain.test(text)) return `${text}${end}`
  if (kept !== '' || /["'\\]/.test(current)) {
    // What begins a value has two forms, and would end in the backslash that they share.
    const begun = candidate.goesOn ? text.replace(/:["{[]+$/, ':') : text
    return `${begun.replace(/[^\p{L}\p{N}_@%+=:,./-]/gu, '\\$&')}${end}`
  }
  return `'${text.replaceAll("'", `'\\''`)}${candidate.goesOn ? '' : "' "}`
}

const plain = /^[\p{L}\p{N}_@%+=:,./-]*$/u
