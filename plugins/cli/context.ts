/** What a command may use: the process it runs in, and the daemon that the program was built with. */
import type { InProcessFactory } from '../../sdk/client/in-process.ts'
import type { MigratedType } from '../../sdk/client/type-migrator.ts'
import type { Colours } from './colours.ts'
import type { LegacyAccess } from './legacy-access.ts'

/** The daemon, handed in by the program that wires the parts; a plugin knows only the SDK. */
export interface DaemonAccess {
  /** Runs the daemon in this process; resolves with its exit code. */
  runDaemon(args: readonly string[]): Promise<number>
  /** Loads what opens a store inside this process. */
  inProcess(): Promise<InProcessFactory>
}

/** What the program brings beside the daemon, each loaded only when its command is called. */
export interface PluginAccess {
  /** Imports a module by its URL, also one in TypeScript. */
  importModule(url: string): Promise<object>
  /** Loads the plugin that brings the earlier system's data over. */
  legacy(): Promise<LegacyAccess>
  /** The record types that come with Orion. */
  recordTypes(): Promise<readonly MigratedType[]>
  /** Serves the Model Context Protocol on stdin and stdout until the client ends it. */
  serveMcp(options: McpOptions): Promise<void>
  /** Serves an editor as a language server on stdin and stdout; resolves with the exit code. */
  serveLsp(options: McpOptions): Promise<number>
}

/** Where a server for other programs finds its store, and as whom. */
export interface McpOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly version: string
  readonly store?: string
  readonly token?: string
}

/** A stream for text. */
export interface TextOutput {
  /** Writes text, and waits while the reader is slow. A reader that went away is no error. */
  write(text: string): Promise<void>
  /** Aborted when nobody reads any more. */
  readonly gone: AbortSignal
  readonly colours: Colours
  /** Width of the terminal in columns; undefined when it is none. */
  readonly columns: number | undefined
}

/** One invocation of the program. */
export interface Cli {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly version: string
  readonly out: TextOutput
  readonly err: TextOutput
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly daemon: DaemonAccess
  /** What other plugins bring to its commands. */
  readonly plugins: PluginAccess
}

/** Flags that every command takes. */
export type GlobalFlags = {
  readonly store?: string
  readonly json: boolean
  readonly token?: string
}
