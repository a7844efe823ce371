/** Odd texts for what reads texts in a language of its own: searches, patterns, positions, and what opens doors. */
import { PlainConnection, Refused } from '../plain-connection.ts'
import { Random } from './random.ts'

/** What came of it. */
export interface TextsThrown {
  readonly inputs: number
  readonly problems: readonly string[]
}

const words = [
  'a',
  'ab*',
  '*',
  '-',
  '"',
  'OR',
  'or',
  'NOT',
  '(',
  ')',
  ':',
  '^',
  '저장소',
  'é',
  '😀',
  '\u202e',
]
const more = [
  '\u0000',
  '\ud800',
  "'; --",
  'NEAR/3',
  '{a b}',
  'x'.repeat(2000),
  '"a b"',
  '-"',
  '%',
  '_',
  '\\',
  '٣',
]
const globs = [
  '*',
  '?',
  '[',
  ']',
  '[!',
  '{',
  '}',
  ',',
  '{a,b}',
  '{1..9}',
  '!',
  '#',
  '+(a)',
  '**',
  '.',
  '\\',
  'Fuzzed',
]
const tokens = [
  'o1',
  '.',
  '..',
  '0',
  '9'.repeat(30),
  '-1',
  'NaN',
  'a',
  '__proto__',
  '\u0000',
  ' ',
  'o1.a.b.1',
]

/** Sends texts until so many were answered. Every one has to be served, or refused for what it is. */
export async function throwTexts(
  socketPath: string,
  { seed, inputs }: { readonly seed: number; readonly inputs: number },
): Promise<TextsThrown> {
  const random = new Random(seed)
  const problems: string[] = []
  let connection = await PlainConnection.open(socketPath, 'texts')
  for (let done = 0; done < inputs; done++) {
    const [method, params] = requestOf(random)
    try {
      await connection.call(method, params)
    } catch (error) {
      const isRefused = error instanceof Refused && error.code !== 50_000
      if (!isRefused) problems.push(`${method} ${JSON.stringify(params)}: ${error}`)
      if (!(error instanceof Refused)) connection = await PlainConnection.open(socketPath, 'texts')
    }
  }
  connection.close()
  return { inputs, problems }
}

function requestOf(
  random: Random,
): [method: string, params: { [name: string]: string | string[] | number }] {
  const dice = random.next()
  if (dice < 0.55) {
    const query = joined(random, [...words, ...more], random.pick([' ', '', '  ', '\t']))
    return ['record/search', { query, ...(random.chance(0.5) ? { types: ['OrionInsight'] } : {}) }]
  }
  if (dice < 0.8) {
    const patterns = Array.from({ length: 1 + random.below(3) }, () => joined(random, globs, ''))
    return ['event/list', { patterns, limit: 5 }]
  }
  const token = joined(random, tokens, random.pick(['', '.']))
  return dice < 0.9
    ? ['event/list', { patterns: ['*'], after: token }]
    : ['record/get', { type: 'OrionInsight', id: 'x', atLeast: token }]
}

function joined(random: Random, parts: readonly string[], between: string): string {
  const count = 1 + random.below(8)
  return Array.from({ length: count }, () => parts[random.below(parts.length)] ?? '').join(between)
}
