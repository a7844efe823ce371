/** The command line of `orion serve`. */
import { parseArgs } from 'node:util'
import type { InspectionDepth } from './store/inspect-file.ts'

/** What the command line says. */
export interface DaemonArguments {
  readonly store: string | undefined
  /** Serve one client on stdin and stdout, and end with it. */
  readonly stdio: boolean
  readonly idleExitMs: number | undefined
  /** Listen for WebSockets there too. */
  readonly webSocket: string | undefined
  /** Take the place of the daemon that serves the store now. */
  readonly takeOver: boolean
  /** Also that of a newer one. */
  readonly force: boolean
  /** A file to look at instead of serving, and how deep; what a daemon starts for its own upkeep. */
  readonly inspect: { readonly path: string; readonly depth: InspectionDepth } | undefined
}

/** @returns The arguments, or what is wrong with them. */
export function parseCommandLine(argv: readonly string[]): DaemonArguments | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options,
      strict: true,
      allowPositionals: false,
    })
    return {
      store: values.store,
      stdio: values.stdio ?? false,
      takeOver: values['take-over'] ?? false,
      force: values.force ?? false,
      webSocket: values.websocket,
      idleExitMs: wholeNumber('idle-exit-ms', values['idle-exit-ms']),
      inspect:
        values.inspect === undefined
          ? undefined
          : { path: values.inspect, depth: values.depth === 'everything' ? 'everything' : 'whole' },
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const options = {
  store: { type: 'string' },
  stdio: { type: 'boolean' },
  foreground: { type: 'boolean' }, // What it does anyway: a daemon in the background is started by its clients.
  'idle-exit-ms': { type: 'string' },
  websocket: { type: 'string' },
  'take-over': { type: 'boolean' },
  force: { type: 'boolean' },
  inspect: { type: 'string' },
  depth: { type: 'string' },
} as const

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && Number.isSafeInteger(value)) return value
  throw new TypeError(`--${name}: expected a whole number, got ${text}`)
}
