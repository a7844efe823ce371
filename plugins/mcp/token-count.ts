/**
 * About how many tokens a language model reads in a text, never fewer than the common tokenizers count.
 *
 * Words cost one for four letters, digits one for three, every other sign one, and signs beyond ASCII two; ids of mixed
 * letters and digits a tenth more than that. Every line of every answer is counted, so it is done without a copy.
 */
export function countTokens(text: string): number {
  let count = 0
  let kind: Kind = 'other'
  let run = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const next = kindOf(code)
    if (next !== kind) {
      count += tokensOf(kind, run)
      kind = next
      run = 0
    }
    if (next !== 'other') run++
    else if (code > asciiMax) count += isSecondHalf(code) ? 0 : 2
    else if (code !== space) count++
  }
  return Math.ceil((count + tokensOf(kind, run)) * 1.1)
}

type Kind = 'letters' | 'digits' | 'other'

function kindOf(code: number): Kind {
  if (code >= 48 && code <= 57) return 'digits'
  const lower = code | 32
  return code <= asciiMax && lower >= 97 && lower <= 122 ? 'letters' : 'other'
}

function tokensOf(kind: Kind, length: number): number {
  return kind === 'other' ? 0 : Math.ceil(length / (kind === 'letters' ? 4 : 3))
}

/** The second of the two units of a sign that has two was counted with the first. */
function isSecondHalf(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}

const space = 32
const asciiMax = 127
