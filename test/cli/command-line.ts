/** Command lines in this process, as a shell would take them apart: many of them cost less than one process each. */
import { execFileSync } from 'node:child_process'
import { Readable } from 'node:stream'
import { inProcess } from '../../daemon/in-process.ts'
import { runCommandLine } from '../../plugins/cli/application.ts'
import { arrangeArguments } from '../../plugins/cli/arrange-arguments.ts'
import { coloursFor } from '../../plugins/cli/colours.ts'
import type { TextOutput } from '../../plugins/cli/context.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import type { Place } from './orion-process.ts'

/** What a command line came to. */
export interface Told {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line that begins with `orion`, in a place of the test's own. */
export async function runLine(place: Place, line: string, input = ''): Promise<Told> {
  const texts = { out: '', err: '' }
  const into = (name: 'out' | 'err'): TextOutput => ({
    write: async (text) => {
      texts[name] += text
    },
    gone: new AbortController().signal,
    colours: coloursFor({}, {}),
    columns: undefined,
  })
  const code = await runCommandLine(
    {
      env: place.env,
      cwd: place.directory,
      version: '0.0.0',
      out: into('out'),
      err: into('err'),
      stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
      daemon: {
        runDaemon: () => Promise.reject(new Error('expected no daemon in this process')),
        inProcess: async () => inProcess(),
      },
      plugins: {
        importModule: (url) => import(url),
        recordTypes: async () => orionRecordTypes,
        legacy: () => Promise.reject(new Error('expected no migration')),
        serveMcp: () => Promise.reject(new Error('expected no server')),
        serveLsp: () => Promise.reject(new Error('expected no server')),
      },
    },
    arrangeArguments(wordsOf(line)),
  )
  return { code, stdout: texts.out, stderr: texts.err }
}

/** The words after `orion`, as a shell understands the line. */
function wordsOf(line: string): string[] {
  const script = `orion() { printf '%s\\0' "$@"; }\n${line}`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}
