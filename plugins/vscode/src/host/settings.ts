import { type ConfigurationScope, workspace } from 'vscode'
import { z } from 'zod'

/** The settings of the extension, as they are now. What is not as described counts as not set. */
export function readSettings(scope?: ConfigurationScope): Settings {
  const found = workspace.getConfiguration('orion', scope)
  const read = <T>(name: string, shape: z.ZodType<T>): T => shape.parse(found.get(name))
  return {
    program: read('program', text),
    store: read('store', text),
    connect: read('connectOnOpen', yes),
    failures: read('notifications.failures', z.enum(['failing', 'every', 'off']).catch('failing')),
    proposals: read('notifications.proposals', yes),
    jobs: read('notifications.jobs', z.array(z.string()).catch([])),
    everySeconds: read('notifications.everySeconds', z.number().min(1).max(3600).catch(30)),
    statusBar: read('statusBar.show', yes),
    refreshMs: read('refreshMilliseconds', z.number().min(100).max(60_000).catch(500)),
  }
}

/** What a person has set. */
export interface Settings {
  /** The path of the program that starts daemons; empty for the usual places. */
  readonly program: string
  /** The store’s directory; empty for the one of the repository. */
  readonly store: string
  readonly connect: boolean
  /** Which ends of jobs are told. */
  readonly failures: 'failing' | 'every' | 'off'
  readonly proposals: boolean
  /** Globs of the jobs that are told of; all when empty. */
  readonly jobs: readonly string[]
  readonly everySeconds: number
  readonly statusBar: boolean
  /** Least time between two refreshes of a view. */
  readonly refreshMs: number
}

const text = z.string().catch('')
const yes = z.boolean().catch(true)
