/** What the parts of a running plugin know of it, and of where they run. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { z } from 'zod'
import type { CallSurroundings } from '../client/caller.ts'
import { OrionError } from '../errors.ts'
import type { Token } from '../model.ts'
import type { RequestDefinition } from '../protocol/define.ts'
import { onlyReads } from '../protocol/only-reads.ts'
import type { PluginContext } from './plugin-context.ts'
import type { PluginDeclaration } from './plugin-declaration.ts'

/** What the parts of a running plugin share. */
export interface RunningPlugin {
  readonly declaration: PluginDeclaration
  readonly context: PluginContext<Settings>
  readonly surroundings: Surroundings
}

/** What the schema of the settings has made of them. */
export type Settings = z.output<z.ZodObject>

/** Whether the code that runs is a hook's, and which event it was called for. */
export class Surroundings implements CallSurroundings {
  readonly #here = new AsyncLocalStorage<{ readonly hook?: true; readonly cause?: Token }>()

  inHook<R>(run: () => R): R {
    return this.#here.run({ hook: true }, run)
  }

  causedBy<R>(cause: Token, run: () => R): R {
    return this.#here.run({ cause }, run)
  }

  assertMayCall(definition: RequestDefinition): void {
    if (this.#here.getStore()?.hook === undefined || onlyReads(definition)) return
    throw new OrionError('forbidden', `a hook can’t write, and asked for ${definition.method}`, {
      needs: 'a handler of committed events',
      remedy: 'return what is to change, or write in `afterCommit`',
    })
  }

  cause(): Token | undefined {
    return this.#here.getStore()?.cause
  }
}
