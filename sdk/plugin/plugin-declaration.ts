/** What the author of a plugin says of it. */
import type { z } from 'zod'
import type { MigratedType } from '../client/type-migrator.ts'
import type { PluginScope } from '../protocol/plugin-messages.ts'
import type { RecordType } from '../record-type.ts'
import type { Action } from './action.ts'
import type { Hook, Reaction } from './hook.ts'
import type { PluginContext } from './plugin-context.ts'

/** For which record types, or first words of topics, a plugin wants a scope. Its own types need not be named. */
export type PluginScopes = { readonly [K in PluginScope]?: 'all' | readonly string[] }

/** A plugin as its author declares it. `S` is the schema of its settings. */
export interface PluginDeclaration<S extends z.ZodObject = z.ZodObject> {
  /** Small letters, digits and dashes. It acts as the principal `plugin:<name>`. */
  readonly name: string
  /** Which interface the plugin is written for. */
  readonly apiVersion: 1
  /** The plugin's own version, for people. */
  readonly version?: string
  readonly description?: string
  /** What it may do with the records of others; a person grants it when the plugin is added. */
  readonly scopes?: PluginScopes
  /** Record types that it brings. It may read, write and define them. */
  readonly recordTypes?: readonly RecordType[]
  /** Record types that it brought once: `removedRecordType`. The migrations of the others stand in their declarations. */
  readonly migrations?: readonly MigratedType[]
  readonly actions?: readonly Action[]
  readonly hooks?: readonly Hook<z.output<S>>[]
  readonly on?: readonly Reaction<z.output<S>>[]
  /** What a person may set. What is absent has to have a default, or the plugin does not start. */
  readonly settings?: S
  /** Called when the plugin starts, before anything is asked of it. What it throws keeps the plugin from starting. */
  readonly start?: (context: PluginContext<z.output<S>>) => void | Promise<void>
  /** Called when the plugin is being stopped; it has two seconds. */
  readonly stop?: () => void | Promise<void>
}
