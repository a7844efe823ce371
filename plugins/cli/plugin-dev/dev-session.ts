/** One person who changes a plugin while it runs: loads it anew after each change, and shows what it logs. */
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../../sdk/client/client.ts'
import type { ResultOf } from '../../../sdk/protocol/define.ts'
import {
  AddPlugin,
  DescribePlugin,
  InspectPlugin,
  ListPlugins,
  PluginLogs,
  RemovePlugin,
} from '../../../sdk/protocol/plugins.ts'
import { settingsAfter } from '../plugin-settings.ts'
import { changed, fingerprint } from './file-watch.ts'
import { LogFollower } from './log-follower.ts'

/** What is told while a plugin is being developed. */
export type DevNews =
  | { readonly news: 'store'; readonly store: string }
  | {
      readonly news: 'loaded'
      readonly name: string
      readonly state: string
      readonly reason?: string
    }
  | { readonly news: 'refused'; readonly reason: string }
  | { readonly news: 'log'; readonly line: string }

/** What a session is made of. */
export interface DevParts {
  readonly client: Client
  /** A path or the name of a package, as the person said it. */
  readonly plugin: string
  readonly cwd: string
  /** Each as `KEY=VALUE`; undefined when none is to be set. */
  readonly settings: readonly string[] | undefined
  readonly signal: AbortSignal
  readonly tell: (news: DevNews) => Promise<void>
  /** Whether the person lets it do this; asked before its first start, and when it comes to ask for something else. */
  readonly consent: (name: string, grants: readonly string[]) => Promise<boolean>
}

type Code = Pick<ResultOf<typeof InspectPlugin>, 'entry' | 'root' | 'codeDigest'>

/** See the head of the file. */
export class DevSession {
  readonly #parts: DevParts
  /** What the person has agreed to. */
  #agreed: string | undefined
  #name: string | undefined
  /** Digest of the code that was loaded last, or could not be. */
  #loaded: string | undefined
  /** Whether the plugin was in the store before, which then keeps it. */
  #wasThere = false
  #log: LogFollower | undefined

  constructor(parts: DevParts) {
    this.#parts = parts
  }

  /** Runs until the signal aborts. @throws OrionError when there is no plugin at all. */
  async run(): Promise<void> {
    const { signal } = this.#parts
    const { entry, root } = await this.#inspect()
    const directory = root ?? dirname(entry)
    const following = this.#follow()
    try {
      for (let seen: string | undefined = fingerprint(directory); seen !== undefined; ) {
        await this.#load()
        seen = await changed(directory, seen, signal)
      }
    } finally {
      await following
    }
  }

  /** Takes the plugin out of the store again, if it was not in it before. */
  async end(): Promise<'removed' | 'kept'> {
    if (this.#name === undefined || this.#wasThere) return 'kept'
    await this.#parts.client.request(RemovePlugin, { name: this.#name })
    return 'removed'
  }

  /** What is wrong with the plugin is told, and may be mended by the next change. */
  async #load(): Promise<void> {
    const { tell, signal } = this.#parts
    try {
      await this.#reload()
    } catch (error) {
      if (signal.aborted) return
      await tell({
        news: 'refused',
        reason: error instanceof Error ? error.message : String(error),
      })
    }
  }

  async #reload(): Promise<void> {
    const { client, tell, consent, settings } = this.#parts
    const { entry, root, codeDigest } = await this.#inspect()
    // Beside a single file others lie that are none of its business.
    if (codeDigest === this.#loaded) return
    this.#loaded = codeDigest
    const code: Code = { entry, codeDigest, ...(root === undefined ? {} : { root }) }
    const { manifest, manifestDigest, grants, problems } = await client.request(
      DescribePlugin,
      code,
    )
    const { name } = manifest
    if (problems.length > 0) return await tell({ news: 'refused', reason: problems.join('; ') })
    const asked = JSON.stringify([name, grants])
    if (asked !== this.#agreed && !(await consent(name, grants))) {
      return await tell({ news: 'refused', reason: 'you did not agree to what it may do' })
    }
    this.#agreed = asked
    await this.#note(name)
    const { asked: set } = await settingsAfter(client, settings, manifest)
    const given = set === undefined ? {} : { settings: set }
    const { state, reason } = await client.request(AddPlugin, { ...code, ...given, manifestDigest })
    this.#log ??= new LogFollower(
      (await client.request(PluginLogs, { name, bytesMax: 1 })).path,
      'start',
    )
    await tell({ news: 'loaded', name, state, ...(reason === undefined ? {} : { reason }) })
  }

  /** Before it is added: whether it was there, and where its log ends. */
  async #note(name: string): Promise<void> {
    if (this.#name === name) return
    const { client } = this.#parts
    const { plugins } = await client.request(ListPlugins, {})
    this.#wasThere = plugins.some((one) => one.name === name)
    this.#name = name
    if (!this.#wasThere) return
    this.#log = new LogFollower(
      (await client.request(PluginLogs, { name, bytesMax: 1 })).path,
      'end',
    )
  }

  async #inspect(): Promise<Code> {
    const { client, plugin, cwd } = this.#parts
    return await client.request(InspectPlugin, { plugin, cwd })
  }

  async #follow(): Promise<void> {
    const { signal, tell } = this.#parts
    for (;;) {
      // What it says while it ends is shown, too.
      const isLast = signal.aborted
      for (const line of this.#log?.lines() ?? []) await tell({ news: 'log', line })
      if (isLast) return
      await sleep(followEveryMs, undefined, { signal }).catch(() => {})
    }
  }
}

const followEveryMs = 100
