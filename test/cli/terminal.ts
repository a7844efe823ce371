/** Commands on a terminal of their own, for what people are asked and type. */
import { spawn, spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'
import type { Place } from './orion-process.ts'

/** Why there is no terminal for tests here; undefined where there is one. */
export const noTerminal: string | undefined = spawnSync('script', ['--version'], {
  encoding: 'utf8',
}).stdout?.includes('util-linux')
  ? undefined
  : 'it takes `script` of util-linux'

/** A terminal in which a shell runs one command. */
export interface Terminal {
  /** Waits until the terminal shows something that it has not shown at the last call; gives all that came since. */
  shows(expected: RegExp): Promise<string>
  /** As from the keyboard. */
  type(keys: string): void
}

/** Opens a terminal, and runs a line of the shell in it. The terminal closes after the test. */
export function openTerminal(t: TestContext, place: Place, line: string): Terminal {
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: place.directory,
    env: { ...place.env, SHELL: '/bin/sh', TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  let hasEnded = false
  let wake: () => void = () => {}
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
    wake()
  })
  child.once('close', () => {
    hasEnded = true
    wake()
  })
  child.stdin.on('error', () => {
    // It has ended without reading all that was typed.
  })
  t.after(() => void child.kill('SIGKILL'))
  return {
    shows: async (expected) => {
      for (;;) {
        const found = expected.exec(text)
        if (found !== null) {
          const end = found.index + found[0].length
          const seen = text.slice(0, end)
          text = text.slice(end)
          return seen
        }
        if (hasEnded) throw new Error(`expected ${expected}, the terminal closed at: ${text}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    type: (keys) => void child.stdin.write(keys),
  }
}
