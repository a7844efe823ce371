/** The plugins of one store: which there are, that those run that may, and what they bring. */
import { join } from 'node:path'
import { isOrionError, OrionError } from '../../sdk/errors.ts'
import { type Instant, instantFromMicros } from '../../sdk/instant.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { messageOf } from '../../sdk/launch/launch-error.ts'
import type { Action } from '../../sdk/plugin/action.ts'
import type { Plugin } from '../../sdk/plugin/define-plugin.ts'
import type { PluginManifest } from '../../sdk/protocol/plugin-messages.ts'
import type { PluginInfo } from '../../sdk/protocol/plugins.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { WriteHooks } from '../governance/write-hooks.ts'
import type { Caller } from '../store/store-api.ts'
import { assertMayFollow } from './cause-depth.ts'
import { describePlugin } from './describe-plugin.ts'
import { localGrant, runLocally } from './local-plugin.ts'
import { PluginActions } from './plugin-actions.ts'
import { clashesOf } from './plugin-clashes.ts'
import { digestCode, locatePlugin, type PluginPlace } from './plugin-code.ts'
import {
  type GrantedPlugin,
  grantKeyFileName,
  grantsFileName,
  manifestDigest,
  PluginGrants,
} from './plugin-grants.ts'
import { PluginHooks } from './plugin-hooks.ts'
import type { PluginHostParts } from './plugin-host-parts.ts'
import { PluginLog } from './plugin-log.ts'
import { type PluginLife, PluginProcess, pluginCommand } from './plugin-process.ts'
import type { PluginSeat } from './plugin-seat.ts'
import { admitTypes, typeProblems } from './plugin-types.ts'
import { wordsOf } from './plugin-words.ts'
import { ProcessStarter } from './process-starter.ts'
import { hasChanged, SupervisedPlugin } from './supervised-plugin.ts'

/** Serves the connection of a plugin. */
export type AttachPlugin = (transport: Transport, seat: PluginSeat) => void

/** Code that a person has looked at. */
export interface SeenCode extends PluginPlace {
  readonly codeDigest: string
}

/** Hosts the plugins of one store. */
export class PluginHost {
  readonly hooks: WriteHooks
  readonly #parts: PluginHostParts
  readonly #hooks: PluginHooks
  readonly #actions: PluginActions
  readonly #plugins = new Map<string, SupervisedPlugin>()
  readonly #logs = new Map<string, PluginLog>()
  readonly #processes: ProcessStarter
  #grants: PluginGrants | undefined
  /** Why no grant could be read. */
  #problem: OrionError | undefined
  #attach: AttachPlugin = () => {}
  #listed: readonly Action[] = []
  #closed = false
  /** What was looked at last, so that it need not run once more to be granted. */
  #described: { readonly code: string; readonly manifest: PluginManifest } | undefined

  constructor(parts: PluginHostParts) {
    this.#parts = parts
    this.#hooks = new PluginHooks(parts.limits, parts.log)
    this.hooks = this.#hooks
    this.#actions = new PluginActions(parts.limits)
    this.#processes = new ProcessStarter(parts.limits.pluginStartMaxMs)
    this.#open()
  }

  /** The actions of all plugins, running or not. */
  readonly actions = (): readonly Action[] => this.#listed

  /** Starts what may run. */
  start(attach: AttachPlugin): void {
    this.#attach = attach
    if (!this.#parts.startsAtOnce) return
    for (const plugin of this.#plugins.values()) if (plugin.state.name === 'idle') plugin.start()
  }

  status(): PluginInfo[] {
    return [...this.#plugins.values()].map((plugin) => this.#infoOf(plugin))
  }

  /** Why no grant could be read; undefined when they could. */
  get problem(): string | undefined {
    return this.#problem?.message
  }

  list() {
    if (this.#problem !== undefined) throw this.#problem
    return { plugins: [...this.#plugins.values()].map((plugin) => this.#grantedInfo(plugin)) }
  }

  inspect(spec: string, cwd: string): SeenCode & { files: number } {
    const place = locatePlugin(spec, cwd)
    const { files, digest } = digestCode(place)
    return { ...place, codeDigest: digest, files }
  }

  /** Runs code that a person has agreed to, to learn what it asks for. */
  async describe(code: SeenCode): Promise<{
    manifest: PluginManifest
    manifestDigest: string
    grants: string[]
    grantedBefore?: string[]
    problems: string[]
  }> {
    assertSame(code)
    const { limits, transportLimits, store } = this.#parts
    const attach = this.#attach
    const manifest = await describePlugin({ place: code, limits, transportLimits, attach })
    this.#described = { code: keyOf(code), manifest }
    const before = this.#sealed(manifest.name)?.manifest
    const own = new Set(before?.recordTypes.map(({ name }) => name))
    return {
      manifest,
      manifestDigest: manifestDigest(manifest),
      grants: wordsOf(
        manifest,
        store.typeNames().filter((name) => !own.has(name)),
      ),
      ...(before === undefined ? {} : { grantedBefore: wordsOf(before, []) }),
      problems: await this.#problemsOf(manifest),
    }
  }

  async add(code: SeenCode, seen: { manifestDigest: string; settings: JsonObject | undefined }) {
    assertSame(code)
    const known = this.#described
    const { manifest } = known?.code === keyOf(code) ? known : await this.describe(code)
    const problems = await this.#problemsOf(manifest)
    if (problems.length > 0) {
      throw new OrionError(
        'invalid_request',
        `${manifest.name} can’t be added: ${problems.join('; ')}`,
        {
          remedy: 'correct the plugin, then look at it again',
        },
      )
    }
    if (manifestDigest(manifest) !== seen.manifestDigest) throw notAsSeen('what it asks for')
    const grants = this.#granting()
    const before = this.#plugins.get(manifest.name)
    if (before === undefined && this.#plugins.size >= this.#parts.limits.pluginsMax) {
      const limit = this.#parts.limits.pluginsMax
      throw new OrionError('too_large', `the store has ${limit} plugins already`, { limit })
    }
    await before?.stop('it is granted anew')
    const { entry, root, codeDigest } = code
    const settings = seen.settings ?? before?.plugin.settings ?? {}
    const plugin: GrantedPlugin = {
      name: manifest.name,
      entry,
      ...(root === undefined ? {} : { root }),
      codeDigest,
      manifest,
      settings,
      grantedAt: this.#now(),
    }
    grants.put(plugin)
    const supervised = this.#supervise(plugin)
    this.#changed()
    supervised.start()
    await this.#settled(supervised)
    return this.#grantedInfo(supervised)
  }

  async enable(name: string) {
    const before = this.#find(name)
    await before.stop('it is started again')
    this.#granting().setDisabled(name, undefined)
    const { disabled: _disabled, ...plugin } = before.plugin
    const supervised = this.#supervise(plugin)
    this.#changed()
    if (this.#sealed(name) !== undefined) supervised.start()
    else supervised.hold(notGranted)
    await this.#settled(supervised)
    return this.#grantedInfo(supervised)
  }

  async disable(name: string, reason: string | undefined) {
    const before = this.#find(name)
    await before.stop('it is disabled')
    const why = reason ?? 'a person has disabled it'
    const disabled = { by: 'person' as const, reason: why, at: this.#now() }
    this.#granting().setDisabled(name, disabled)
    const supervised = this.#supervise({ ...before.plugin, disabled })
    this.#changed()
    return this.#grantedInfo(supervised)
  }

  async remove(name: string): Promise<void> {
    const before = this.#find(name)
    await before.stop('it is removed')
    this.#granting().remove(name)
    this.#plugins.delete(name)
    this.#changed()
  }

  logs(name: string, bytesMax: number): { path: string; text: string } {
    this.#find(name)
    const log = this.#logOf(name)
    return { path: log.path, text: log.end(bytesMax) }
  }

  /** Ends all of them; resolves when their processes are gone. */
  async close(): Promise<void> {
    this.#closed = true
    const all = [...this.#plugins.values()]
    await Promise.all(all.map((plugin) => plugin.stop('the daemon ends')))
    this.#processes.close()
  }

  #open(): void {
    const { storeDirectory, stateDirectory, store, log } = this.#parts
    try {
      this.#grants = new PluginGrants({
        path: join(storeDirectory, grantsFileName),
        keyPath: stateDirectory === undefined ? undefined : join(stateDirectory, grantKeyFileName),
        storeId: store.storeId,
      })
      for (const { plugin, isSealed } of this.#grants.all()) {
        const supervised = this.#supervise(plugin)
        if (!isSealed) supervised.hold(notGranted)
      }
    } catch (error) {
      log.error('the plugins of the store can not be trusted; none of them runs', { error })
      this.#problem = isOrionError(error)
        ? error
        : new OrionError('storage_failed', messageOf(error), {})
    }
    for (const local of this.#parts.local)
      this.#supervise(localGrant(local, this.#now()), local.plugin)
    this.#changed()
  }

  #supervise(plugin: GrantedPlugin, local?: Plugin): SupervisedPlugin {
    const supervised: SupervisedPlugin = new SupervisedPlugin({
      ...this.#parts,
      plugin,
      launch: async () => (local === undefined ? await this.#launch(plugin) : runLocally(local)),
      pluginLog: this.#logOf(plugin.name),
      attach: (transport, seat) => this.#attach(transport, seat),
      admit: async (manifest) => await this.#admit(manifest),
      read: async (params) => await this.#actions.read(params),
      assertMayFollow: (cause) => assertMayFollow(this.#parts, cause),
      onGivenUp: (reason) => void this.#giveUp(plugin.name, reason),
    })
    this.#plugins.set(plugin.name, supervised)
    return supervised
  }

  async #launch(plugin: GrantedPlugin): Promise<PluginLife> {
    const { limits } = this.#parts
    const place = { entry: plugin.entry, root: plugin.root }
    if (digestCode(place).digest !== plugin.codeDigest) {
      throw new OrionError('conflict', hasChanged('its code', plugin), {
        reason: 'digest',
        current: null,
      })
    }
    const started = await this.#processes.start(pluginCommand(place, limits))
    return new PluginProcess(started, { ...this.#parts, name: plugin.name })
  }

  async #admit(manifest: PluginManifest): Promise<void> {
    const [problem] = this.#clashes(manifest)
    if (problem !== undefined) throw new OrionError('invalid_request', problem, {})
    await admitTypes(this.#parts.store, manifest, this.#caller(manifest.name))
  }

  async #problemsOf(manifest: PluginManifest): Promise<string[]> {
    const caller = this.#caller(manifest.name)
    return [
      ...this.#clashes(manifest),
      ...(await typeProblems(this.#parts.store, manifest, caller)),
    ]
  }

  #clashes(manifest: PluginManifest): string[] {
    const others = [...this.#plugins.values()].map(({ plugin }) => plugin.manifest)
    return clashesOf(manifest, { ...this.#parts, others })
  }

  async #giveUp(name: string, reason: string): Promise<void> {
    const { store, log } = this.#parts
    log.error('a plugin was disabled', { plugin: name, reason })
    if (this.#closed) return
    try {
      this.#granting().setDisabled(name, { by: 'crashes', reason, at: this.#now() })
      await store.publish({ topic: 'Plugin.disabled', payload: { name, reason } }, daemonItself)
    } catch (error) {
      log.warn('that a plugin was disabled could not be kept', { plugin: name, error })
    }
  }

  /** Resolves when a plugin that was started runs, or does not. */
  async #settled(plugin: SupervisedPlugin): Promise<void> {
    await plugin.running(this.#parts.limits.pluginStartMaxMs).catch(() => {
      // Its state says why not.
    })
  }

  #changed(): void {
    const all = [...this.#plugins.values()]
    // Whoever disables a plugin wants its hooks gone; what fell over by itself still stands in the way.
    this.#hooks.set(all.filter(({ plugin }) => plugin.disabled?.by !== 'person'))
    this.#listed = all.flatMap((plugin) => this.#actions.of(plugin))
  }

  #find(name: string): SupervisedPlugin {
    const found = this.#plugins.get(name)
    if (found !== undefined) return found
    const known = [...this.#plugins.keys()].join(', ')
    throw new OrionError('not_found', `there is no plugin ${name.slice(0, 80)}`, {
      remedy: known === '' ? 'none was added yet: orion plugin add PATH' : `there are: ${known}`,
    })
  }

  #granting(): PluginGrants {
    if (this.#grants !== undefined) return this.#grants
    throw this.#problem ?? new OrionError('storage_failed', 'the grants can’t be read', {})
  }

  /** What this user has granted to a plugin of that name. */
  #sealed(name: string): GrantedPlugin | undefined {
    const all = this.#granting().all()
    return all.find(({ plugin, isSealed }) => plugin.name === name && isSealed)?.plugin
  }

  #logOf(name: string): PluginLog {
    const known = this.#logs.get(name)
    if (known !== undefined) return known
    const path = join(this.#parts.storeDirectory, `plugin-${name}.log`)
    const log = new PluginLog(path, this.#parts.limits)
    this.#logs.set(name, log)
    return log
  }

  #infoOf(supervised: SupervisedPlugin): PluginInfo {
    const { plugin, state, pid, crashes } = supervised
    const { name, manifest } = plugin
    return {
      name,
      ...(manifest.version === undefined ? {} : { version: manifest.version }),
      state: state.name,
      ...('reason' in state ? { reason: state.reason } : {}),
      ...(pid === undefined ? {} : { pid }),
      crashes,
    }
  }

  #grantedInfo(supervised: SupervisedPlugin) {
    const { entry, root, codeDigest, grantedAt, settings, manifest } = supervised.plugin
    return {
      ...this.#infoOf(supervised),
      entry,
      ...(root === undefined ? {} : { root }),
      codeDigest,
      grantedAt,
      grants: wordsOf(manifest, []),
      settings,
    }
  }

  #caller(name: string): Caller {
    return { principal: `plugin:${name}`, client: name, mayRead: () => true }
  }

  #now(): Instant {
    return instantFromMicros(this.#parts.clock.nowMicros())
  }
}

const notGranted =
  'it was not granted by this user in this store; look at it, then run `orion plugin add` for it'

const daemonItself: Caller = { principal: 'daemon', client: 'orion', mayRead: () => true }

function keyOf({ entry, codeDigest }: SeenCode): string {
  return `${entry} ${codeDigest}`
}

function assertSame(code: SeenCode): void {
  if (digestCode(code).digest !== code.codeDigest) throw notAsSeen('the code')
}

function notAsSeen(what: string): OrionError<'conflict'> {
  return new OrionError('conflict', `${what} has changed since it was looked at`, {
    reason: 'digest',
    current: null,
    remedy: 'look at it again',
  })
}
