/** Questions to the person at the terminal. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Cli } from './context.ts'
import { UsageError } from './usage-error.ts'

/** @throws UsageError when there is nobody to ask. */
export function assertTerminal({ stdin }: Cli, remedy: string): void {
  if (stdin.isTTY) return
  throw new UsageError('expected a terminal to ask on, got none', { remedy })
}

/** Asks for a line. An end of the input is the empty answer. */
export async function ask(cli: Cli, question: string): Promise<string> {
  const lines = createInterface({ input: cli.stdin, terminal: false })
  try {
    await cli.err.write(question)
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
  }
}

/** Asks whether to go on; whatever is not a clear yes is a no. */
export async function agrees(cli: Cli, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(cli, `${question} [y/N] `)).trim())
}

/**
 * Asks for a line that is shown nowhere. The terminal is as it was afterwards, however this ends: readline gives it back
 * when it is closed, Node when the process ends or is ended by a signal.
 *
 * @throws UsageError when the input ends first; Ctrl-C ends the process, as anywhere else.
 */
export async function askHidden(cli: Cli, question: string): Promise<string> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  // Nothing is asked before the terminal has stopped showing what is typed.
  const lines = createInterface({ input: cli.stdin, output, terminal: true, historySize: 0 })
  let interrupted = false
  try {
    const answer = lines.question('')
    const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)))
    lines.once('SIGINT', () => {
      interrupted = true
      lines.close()
    })
    await cli.err.write(question)
    const secret = await Promise.race([answer, ended])
    if (secret === undefined) throw new UsageError('expected an answer, got none')
    return secret
  } finally {
    lines.close()
    await cli.err.write('\n')
    if (interrupted) process.kill(process.pid, 'SIGINT')
  }
}
