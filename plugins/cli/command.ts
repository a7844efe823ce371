/** How commands are declared; with `application.ts` the only place that knows the argument parser. */
import {
  type BaseArgs,
  type BaseFlags,
  buildCommand,
  type Command,
  type CommandContext,
  type TypedCommandParameters,
} from '@stricli/core'
import type { Completing } from './completion/proposals.ts'
import type { Cli, GlobalFlags } from './context.ts'
import { reportError } from './report-error.ts'

/** What the parser hands to a command. */
export interface CliContext extends CommandContext {
  readonly cli: Cli
  /** Tells the program its exit code. */
  readonly finish: (exitCode: number) => void
  /** What is known of the store while a word is completed; nothing else is run then. */
  readonly completing?: Completing
}

/** What a command does; resolves with its exit code, 0 if it gives none. */
export type Action<F, A extends readonly unknown[]> = (
  cli: Cli,
  flags: F & GlobalFlags,
  ...args: A
) => Promise<number | undefined>

/** A command, as it is declared. What it does is loaded only when it is called, so that every other one starts quickly. */
export interface CommandDeclaration<F extends GlobalFlags & BaseFlags, A extends BaseArgs> {
  readonly brief: string
  /** What a person who calls for help wants to know beside that. */
  readonly about?: string
  /** Command lines without the program's name, each with what it does. */
  readonly examples?: readonly (readonly [command: string, what: string])[]
  readonly parameters: NoInfer<TypedCommandParameters<F, A, CliContext>>
  readonly load: () => Promise<Action<F, A>>
}

/** Declares a command. */
export function command<const F extends GlobalFlags & BaseFlags, const A extends BaseArgs = []>(
  declaration: CommandDeclaration<F, A>,
): Command<CliContext> {
  const { brief, about, examples = [], parameters, load } = declaration
  const shown = examples.map(([line, what]) => `  orion ${line}\n    ${what}`)
  const texts = [`${about ?? brief}`, ...(shown.length > 0 ? ['', 'EXAMPLES', ...shown] : [])]
  return buildCommand<F, A, CliContext>({
    docs: { brief, fullDescription: texts.join('\n') },
    parameters,
    async func(this: CliContext, flags: F, ...args: A): Promise<void> {
      try {
        const action = await load()
        this.finish((await action(this.cli, flags, ...args)) ?? 0)
      } catch (error) {
        this.finish(await reportError(this.cli, error, { json: flags.json }))
      }
    },
  })
}

/** The declarations of the flags that every command takes. */
export const globalFlags = {
  store: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'DIR',
    brief: "The store's directory; else ORION_STORE, else .orion of this repository",
  },
  json: {
    kind: 'boolean',
    default: false,
    withNegated: false,
    brief: 'Print JSON: the result unchanged on stdout, errors on stderr',
  },
  token: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'T',
    brief: 'The token to connect with; else ORION_TOKEN, else none is needed on your own machine',
  },
} as const
