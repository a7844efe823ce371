import { isatty } from 'node:tty'
import { coloursFor } from './colours.ts'
import type { TextOutput } from './context.ts'

/**
 * A text output on standard output or standard error.
 *
 * The stream is opened with the first text: Node makes a pipe non-blocking when it opens it, also for the processes that
 * share it, so a program that says nothing must leave it alone.
 */
export function textOutput(fd: 1 | 2, env: NodeJS.ProcessEnv): TextOutput {
  const terminal = isatty(fd)
  const gone = new AbortController()
  let opened: NodeJS.WriteStream | undefined
  const open = (): NodeJS.WriteStream => {
    if (opened !== undefined) return opened
    opened = fd === 1 ? process.stdout : process.stderr
    // The reader has gone, as `head` does when it has seen enough. Nobody has to be told.
    opened.on('error', () => gone.abort())
    return opened
  }
  return {
    colours: coloursFor({ isTTY: terminal }, env),
    gone: gone.signal,
    get columns() {
      return terminal ? open().columns : undefined
    },
    write: (text) =>
      new Promise((resolve) => {
        if (gone.signal.aborted) resolve()
        else open().write(text, () => resolve())
      }),
  }
}
