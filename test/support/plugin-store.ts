/** A store with plugins in processes of their own, and an owner who grants them. */
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Limits } from '../../daemon/limits.ts'
import type { Client } from '../../sdk/client/client.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { StoreLocation } from '../../sdk/launch/store-location.ts'
import {
  AddPlugin,
  DescribePlugin,
  InspectPlugin,
  ListPlugins,
} from '../../sdk/protocol/plugins.ts'
import { startDaemon, type TestDaemon } from './daemon.ts'
import { temporaryDirectory } from './launch.ts'
import { daemonClient } from './sdk-client.ts'

/** What is there. */
export interface PluginStore {
  readonly daemon: TestDaemon
  readonly client: Client
  readonly stateDirectory: string
  /** Looks at a plugin, sees what it asks for, and grants that. */
  grant(file: string, settings?: JsonObject): ReturnType<typeof grantPlugin>
  /** Resolves when a plugin is in a state. */
  becomes(name: string, state: string): Promise<{ reason?: string | undefined; crashes: number }>
}

/** Starts a daemon in this process, whose plugins are processes of their own. */
export async function pluginStore(
  t: TestContext,
  options: {
    readonly limits?: Partial<Limits>
    readonly location?: StoreLocation
    readonly stateDirectory?: string
  } = {},
): Promise<PluginStore> {
  const stateDirectory = options.stateDirectory ?? temporaryDirectory(t)
  // Many processes at once on a slow machine: what is not about time is given plenty.
  const limits = {
    pluginStartMaxMs: 120_000,
    hookMaxMs: 60_000,
    pluginRestartMs: 1,
    ...options.limits,
  }
  const daemon = await startDaemon(t, { ...options, stateDirectory, limits })
  const client = await daemonClient(t, daemon)
  return {
    daemon,
    client,
    stateDirectory,
    grant: (file, settings) => grantPlugin(client, file, settings),
    becomes: async (name, state) => {
      for (;;) {
        const { plugins } = await client.request(ListPlugins, {})
        const found = plugins.find((plugin) => plugin.name === name)
        if (found?.state === state) return found
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}

/** The path of a sample, or of any other file. */
export function samplePath(file: string): string {
  if (file.startsWith('/')) return file
  return fileURLToPath(new URL(`../plugin/samples/${file}`, import.meta.url))
}

/** What a person does who grants a plugin. */
export async function grantPlugin(client: Client, file: string, settings?: JsonObject) {
  const { files: _files, ...code } = await client.request(InspectPlugin, {
    plugin: samplePath(file),
    cwd: process.cwd(),
  })
  const timeoutMs = 240_000
  const { manifestDigest } = await client.request(DescribePlugin, code, { timeoutMs })
  const asked = { ...code, manifestDigest, ...(settings === undefined ? {} : { settings }) }
  return await client.request(AddPlugin, asked, { timeoutMs })
}
