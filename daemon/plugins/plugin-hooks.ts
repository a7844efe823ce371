/** The hooks of plugins, as the writes see them. */
import { isOrionError, OrionError } from '../../sdk/errors.ts'
import { messageOf } from '../../sdk/launch/launch-error.ts'
import { RunHook } from '../../sdk/protocol/plugin-messages.ts'
import type { HookChange, HookedWrite, WriteHook, WriteHooks } from '../governance/write-hooks.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { SupervisedPlugin } from './supervised-plugin.ts'

/** Knows which hooks stand before the writes of a type, whether their plugins run or not. */
export class PluginHooks implements WriteHooks {
  readonly #limits: Limits
  readonly #log: Log
  #byType: ReadonlyMap<string, readonly WriteHook[]> = new Map()

  constructor(limits: Limits, log: Log) {
    this.#limits = limits
    this.#log = log
  }

  get any(): boolean {
    return this.#byType.size > 0
  }

  of(type: string): readonly WriteHook[] {
    return this.#byType.get(type) ?? none
  }

  /** The plugins have changed. They are asked in the order of their names. */
  set(plugins: readonly SupervisedPlugin[]): void {
    const byType = new Map<string, WriteHook[]>()
    const ordered = [...plugins].sort((left, right) =>
      left.plugin.name < right.plugin.name ? -1 : 1,
    )
    for (const supervised of ordered) {
      for (const [index, declared] of supervised.plugin.manifest.hooks.entries()) {
        const hook = this.#hook(supervised, index)
        byType.set(declared.type, [...(byType.get(declared.type) ?? []), hook])
      }
    }
    this.#byType = byType
  }

  #hook(supervised: SupervisedPlugin, index: number): WriteHook {
    const { name, manifest } = supervised.plugin
    const declared = manifest.hooks[index]
    const { hookMaxMs } = this.#limits
    const timeMaxMs = Math.min(declared?.timeMaxMs ?? hookMaxMs, hookMaxMs)
    return {
      plugin: name,
      operations: new Set(declared?.operations),
      ask: async (write, signal) => {
        try {
          return await ask(supervised, { index, write, timeMaxMs, signal })
        } catch (error) {
          if (isRefusal(error) || isOrionError(error, 'cancelled')) throw error
          const reason = messageOf(error)
          this.#log.warn('a hook gave no answer', { plugin: name, type: write.type, reason })
          if (declared?.fail === 'open') return {}
          throw unanswered(name, write, error)
        }
      },
    }
  }
}

const none: readonly WriteHook[] = []

/** What a plugin says about a write, told from its failure to say anything. */
class Refusal extends OrionError<'forbidden'> {}

function isRefusal(error: unknown): boolean {
  return error instanceof Refusal
}

async function ask(
  supervised: SupervisedPlugin,
  parts: {
    readonly index: number
    readonly write: HookedWrite
    readonly timeMaxMs: number
    readonly signal: AbortSignal | undefined
  },
): Promise<HookChange> {
  const { index, write, timeMaxMs, signal } = parts
  const { before, after, ...rest } = write
  const startedMs = performance.now()
  const calls = await supervised.running(timeMaxMs)
  const leftMs = Math.max(1, Math.ceil(timeMaxMs - (performance.now() - startedMs)))
  const asked = { ...rest, hook: index, before: before ?? null, after: after ?? null }
  const { refuse, set, unset } = await supervised.hooks.during(
    async () =>
      await calls.ask(RunHook, { ...asked, timeMaxMs: leftMs }, { timeMaxMs: leftMs, signal }),
  )
  if (refuse === undefined) return { set, unset }
  const { message, path } = refuse
  const { name } = supervised.plugin
  const where = path === undefined || path === '' ? '' : `${path}: `
  throw new Refusal(
    'forbidden',
    `${name} refuses it: ${where}${message.slice(0, refusalMaxLength)}`,
    {
      needs: `the consent of plugin ${name}`,
      remedy: 'change what is written so that the plugin consents',
    },
  )
}

const refusalMaxLength = 2000

/** A gate that does not answer is shut. One that is only not there yet is worth another try. */
function unanswered(name: string, { type }: HookedWrite, error: unknown): OrionError {
  if (isOrionError(error, 'overloaded')) return error
  const message = `${type} can’t be written: the hook of plugin ${name} gave no answer: ${messageOf(error)}`
  return new OrionError('forbidden', message, {
    needs: `an answer of plugin ${name}`,
    remedy: `mend the plugin (orion plugin logs ${name}), or let writes pass without it: orion plugin disable ${name}`,
  })
}
