/**
 * What a person has granted: a file in the store's directory, and a seal on each entry whose key lies outside of it, with the
 * user. So nobody can bring a grant along in a repository, and a store that was copied asks again.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { OrionError } from '../../sdk/errors.ts'
import { canonicalJson, type Json } from '../../sdk/json.ts'
import { messageOf, systemCode } from '../../sdk/launch/launch-error.ts'
import { type PluginManifest, pluginManifest } from '../../sdk/protocol/plugin-messages.ts'
import { jsonObject } from '../../sdk/protocol/schemas.ts'

/** Name of the file, in the store's directory. */
export const grantsFileName = 'plugins.json'
/** Name of the file with the key, in the user's directory for what outlives stores. */
export const grantKeyFileName = 'plugin-key'

const granted = z.object({
  name: z.string(),
  entry: z.string(),
  root: z.string().optional(),
  codeDigest: z.string(),
  manifest: pluginManifest,
  settings: jsonObject,
  grantedAt: z.string(),
  /** Why it does not run; undefined when it does. */
  disabled: z
    .object({ by: z.enum(['person', 'crashes']), reason: z.string(), at: z.string() })
    .optional(),
})
/** A plugin that a person has granted. */
export type GrantedPlugin = z.output<typeof granted>

const fileShape = z.object({
  format: z.literal(1),
  plugins: z.array(granted.extend({ seal: z.string() })).max(1000),
})

/** The grants of one store. */
export class PluginGrants {
  readonly #path: string
  readonly #keyPath: string | undefined
  readonly #storeId: string
  /** Entries as they stand in the file, those that nobody here granted included. */
  #entries: readonly (GrantedPlugin & { readonly seal: string })[]

  /** @throws OrionError `storage_failed` when there is a file that can't be trusted. */
  constructor(parts: {
    readonly path: string
    readonly keyPath: string | undefined
    readonly storeId: string
  }) {
    this.#path = parts.path
    this.#keyPath = parts.keyPath
    this.#storeId = parts.storeId
    this.#entries = readEntries(parts.path)
  }

  /** All of them, and whether this user has granted each in this store. */
  all(): readonly { readonly plugin: GrantedPlugin; readonly isSealed: boolean }[] {
    if (this.#entries.length === 0) return []
    const key = this.#key()
    return this.#entries.map(({ seal, ...plugin }) => ({
      plugin,
      isSealed: key !== undefined && sameText(seal, this.#seal(plugin, key)),
    }))
  }

  /** Keeps a grant; one of the same name goes. @throws OrionError `storage_failed`. */
  put(plugin: GrantedPlugin): void {
    const key = this.#key() ?? this.#makeKey()
    const others = this.#entries.filter(({ name }) => name !== plugin.name)
    this.#write([...others, { ...plugin, seal: this.#seal(plugin, key) }])
  }

  /** Notes why a plugin does not run, or that it does; what was granted stays. */
  setDisabled(name: string, disabled: GrantedPlugin['disabled']): void {
    this.#write(
      this.#entries.map((entry) => {
        if (entry.name !== name) return entry
        const { disabled: _before, ...rest } = entry
        return disabled === undefined ? rest : { ...rest, disabled }
      }),
    )
  }

  remove(name: string): void {
    this.#write(this.#entries.filter((entry) => entry.name !== name))
  }

  #seal(plugin: GrantedPlugin, key: Buffer): string {
    const { name, entry, root, codeDigest, manifest, settings } = plugin
    const said = { store: this.#storeId, name, entry, root, codeDigest, manifest, settings }
    return createHmac('sha256', key)
      .update(canonicalJson(jsonOf(said)))
      .digest('hex')
  }

  #key(): Buffer | undefined {
    if (this.#keyPath === undefined) return undefined
    try {
      const stats = statSync(this.#keyPath)
      if (!stats.isFile() || isOpenToOthers(stats.mode, 0o077)) return undefined
      const key = Buffer.from(readFileSync(this.#keyPath, 'utf8').trim(), 'hex')
      return key.length === keyBytes ? key : undefined
    } catch {
      return undefined // Nobody has granted anything yet, as far as this user is concerned.
    }
  }

  #makeKey(): Buffer {
    const path = this.#keyPath
    if (path === undefined) {
      throw new OrionError('storage_failed', 'this user has no home to keep the key of grants in', {
        remedy: 'set HOME or XDG_STATE_HOME to a directory of the user’s own',
      })
    }
    const key = randomBytes(keyBytes)
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(path, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
      return key
    } catch (cause) {
      // Another daemon of this user was first, or what lies there is of no use.
      const there = systemCode(cause) === 'EEXIST' ? this.#key() : undefined
      if (there !== undefined) return there
      throw new OrionError(
        'storage_failed',
        `can’t keep the key of grants in ${path}: ${messageOf(cause)}`,
        { remedy: 'remove what lies there, or give it mode 0600' },
        { cause },
      )
    }
  }

  #write(entries: readonly (GrantedPlugin & { readonly seal: string })[]): void {
    const temporary = `${this.#path}.${randomBytes(6).toString('hex')}`
    const text = JSON.stringify({ format: 1, plugins: entries }, undefined, 2)
    try {
      writeFileSync(temporary, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true })
      renameSync(temporary, this.#path)
    } catch (cause) {
      rmSync(temporary, { force: true })
      throw new OrionError(
        'storage_failed',
        `can’t write ${this.#path}: ${messageOf(cause)}`,
        { remedy: 'make room, or let the daemon write there' },
        { cause },
      )
    }
    this.#entries = entries
  }
}

const keyBytes = 32

/** What tells a manifest from another one. */
export function manifestDigest(manifest: PluginManifest): string {
  return createHash('sha256')
    .update(canonicalJson(jsonOf(manifest)))
    .digest('hex')
}

function readEntries(path: string): z.output<typeof fileShape>['plugins'] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return []
  if (!stats.isFile() || isOpenToOthers(stats.mode, 0o022)) {
    throw untrusted(path, 'can be written by others, or is no file')
  }
  try {
    return fileShape.parse(JSON.parse(readFileSync(path, 'utf8'))).plugins
  } catch (cause) {
    throw untrusted(path, `can’t be read: ${messageOf(cause).slice(0, 200)}`)
  }
}

function untrusted(path: string, problem: string): OrionError<'storage_failed'> {
  return new OrionError('storage_failed', `${path} ${problem}`, {
    remedy: 'mend it, or remove it and add the plugins again: no plugin runs until then',
  })
}

function isOpenToOthers(mode: number, bits: number): boolean {
  return process.platform !== 'win32' && (mode & bits) !== 0
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function jsonOf(value: object): Json {
  return JSON.parse(JSON.stringify(value))
}
