/** `orion __complete`: what a shell may put in the place of the word under the cursor. */
import { readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { proposeFor } from '../application.ts'
import { withoutLeadingFlags } from '../arrange-arguments.ts'
import type { Cli } from '../context.ts'
import { safeText } from '../present/safe-text.ts'
import { bashReply, readShellLine } from './shell-line.ts'
import { StoreKnowledge } from './store-knowledge.ts'

/** One proposal. */
interface Candidate {
  readonly text: string
  readonly brief: string
  /** Whether more belongs to the word. */
  readonly goesOn: boolean
}

/** After this a shell is answered with what there is: nothing. In milliseconds. */
const answerMs = 2000
/** Most proposals that are told. */
const candidatesMax = 500

/**
 * Answers a shell. `bash LINE CURRENT` takes the line up to the cursor and the word as bash sees it, and gives lines that bash
 * puts in as they are; `-- WORDS…`, `zsh -- WORDS…` and `fish -- WORDS…` take words, the last one being completed, and
 * give `VALUE⇥BRIEF`, for zsh with `=` before a whole word and `+` before the beginning of one.
 */
export async function answerShell(cli: Cli, args: readonly string[]): Promise<void> {
  try {
    const lines = await Promise.race([linesFor(cli, args), sleep(answerMs, [], { ref: false })])
    if (lines.length > 0) await cli.out.write(`${lines.join('\n')}\n`)
  } catch {
    // A shell would show it in the midst of the line that is being typed.
  }
}

async function linesFor(cli: Cli, args: readonly string[]): Promise<string[]> {
  const [shell, ...rest] = args[0] === '--' ? ['', ...args] : args
  if (shell === 'bash') return await bashLines(cli, rest)
  const words = rest[0] === '--' ? rest.slice(1) : rest
  const last = words.at(-1) ?? ''
  // Fish hands it over with its quotes. An empty word between the others is an empty list to zsh.
  const word = shell === 'fish' ? readShellLine(last).word : last
  const before = words.slice(0, -1).filter((one) => one !== '')
  const found = await candidatesFor(cli, before, word)
  if (shell !== 'zsh') return found.map(({ text, brief }) => `${text}\t${brief}`)
  return found.map(({ text, brief, goesOn }) => `${goesOn ? '+' : '='}${text}\t${brief}`)
}

async function bashLines(
  cli: Cli,
  [text = '', current = '']: readonly string[],
): Promise<string[]> {
  const line = readShellLine(text)
  const found = await candidatesFor(cli, line.before.slice(1), line.word)
  const replies = found.flatMap((candidate) => bashReply(candidate, { line, current }) ?? [])
  const lines = [...new Set(replies)]
  const [only] = lines
  // Of one alone bash would close the quotes; of two it puts in what they share.
  const staysOpen = found[0]?.goesOn === true && (line.quote !== '' || only?.startsWith("'"))
  return lines.length === 1 && staysOpen ? [...lines, `${only}…`] : lines
}

async function candidatesFor(
  cli: Cli,
  before: readonly string[],
  word: string,
): Promise<readonly Candidate[]> {
  const flags = { json: false, ...flagIn(before, 'store'), ...flagIn(before, 'token') }
  const words = withoutLeadingFlags(before)
  const knowledge = new StoreKnowledge(cli, { flags, words })
  try {
    const found = [
      ...(await proposed(cli, { words, word, knowledge })),
      ...(word.startsWith('@') ? filesAt(cli.cwd, word) : []),
    ]
    // What a terminal would take for something else is not put on it.
    return found.filter(({ text }) => safeText(text) === text).slice(0, candidatesMax)
  } finally {
    void knowledge.close().catch(() => {})
  }
}

interface Asked {
  readonly words: readonly string[]
  readonly word: string
  readonly knowledge: StoreKnowledge
}

/** Of `--flag=value` and of `one,two` only the last part is proposed for, and the rest put before it. */
async function proposed(cli: Cli, { words, word, knowledge }: Asked): Promise<Candidate[]> {
  const [, flag = '', value] = /^(--[a-zA-Z-]+)=(.*)$/s.exec(word) ?? []
  if (value !== undefined) {
    const found = await proposed(cli, { words: [...words, flag], word: value, knowledge })
    return found.map((candidate) => ({ ...candidate, text: `${flag}=${candidate.text}` }))
  }
  const whole = await propose(cli, { words, word, knowledge })
  const head = word.slice(0, word.lastIndexOf(',') + 1)
  if (head === '' || whole.some(({ text }) => text.startsWith(word))) return whole
  const last = await propose(cli, { words, word: word.slice(head.length), knowledge })
  const named = new Set(head.split(','))
  return last
    .filter(({ text }) => !named.has(text))
    .map((candidate) => ({ ...candidate, text: head + candidate.text }))
}

async function propose(cli: Cli, { words, word, knowledge }: Asked): Promise<Candidate[]> {
  const all = await proposeFor({ cli, completing: knowledge }, [...words, word])
  const values = all.filter(({ isFlag }) => !isFlag)
  // Flags are offered where nothing else is to be said, or when one was begun.
  const shown = values.length > 0 && !word.startsWith('-') ? values : all
  return shown.map(({ text, brief, isValue }) => ({
    text,
    brief: isValue ? '' : brief,
    goesOn: isValue && /^[[{]/.test(text),
  }))
}

/** The value that a flag has in these words. */
function flagIn(words: readonly string[], name: 'store' | 'token'): { [name: string]: string } {
  for (const [index, word] of words.entries()) {
    if (word === '--') break
    const value = word === `--${name}` ? words[index + 1] : undefined
    const given = value ?? (word.startsWith(`--${name}=`) ? word.slice(name.length + 3) : undefined)
    if (given !== undefined) return { [name]: given }
  }
  return {}
}

/** Files for `@FILE`. Shells look for files by themselves, but not behind that sign. */
function filesAt(cwd: string, word: string): Candidate[] {
  const typed = word.slice(1)
  const folder = typed.endsWith('/') ? typed : dirname(`${typed}x`)
  const head = typed.includes('/') ? typed.slice(0, typed.lastIndexOf('/') + 1) : ''
  const entries = readdirSync(resolve(cwd, folder), { withFileTypes: true })
  return entries
    .map((entry) => ({ text: `@${head}${entry.name}`, isFolder: entry.isDirectory() }))
    .filter(({ text }) => text.startsWith(word) && !text.slice(head.length + 1).startsWith('.'))
    .map(({ text, isFolder }) => ({
      text: isFolder ? `${text}/` : text,
      brief: '',
      goesOn: isFolder,
    }))
}
