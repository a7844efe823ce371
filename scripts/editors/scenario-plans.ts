/** Where each scenario takes place: which folder is open, with which settings, and what was done to it before. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OrionInsight } from '../../plugins/orion/index.ts'
import type { DemoPlace } from './demo-place.ts'
import { demoFiles } from './demo-repository.ts'
import { connectTo, fillStore, startLongJob } from './demo-store.ts'
import { runCommand } from './run-command.ts'

/** One scenario. */
export interface ScenarioPlan {
  readonly name: string
  /** What it is about, for the page of results. */
  readonly about: string
  readonly settings?: { readonly [name: string]: unknown }
  /** Prepares it, and answers what is opened: a folder or a `.code-workspace`. */
  readonly prepare: (place: DemoPlace) => Promise<string>
  readonly maxMs?: number
}

const dark = { 'workbench.colorTheme': 'Default Dark Modern' }
const light = { 'workbench.colorTheme': 'Default Light Modern' }

/** Every scenario, in the order in which they are played. */
export const scenarioPlans: readonly ScenarioPlan[] = [
  {
    name: 'views',
    about: 'what each view shows',
    settings: dark,
    prepare: parcelTracker,
  },
  {
    name: 'views-light',
    about: 'the same in a light theme',
    settings: light,
    prepare: parcelTracker,
  },
  {
    name: 'records',
    about: 'records: read, compare, create, edit, conflict, archive, delete, search',
    settings: dark,
    prepare: parcelTracker,
  },
  {
    name: 'review',
    about: 'proposals: difference, approve, execute, reject, what became stale',
    settings: dark,
    prepare: parcelTracker,
  },
  {
    name: 'live',
    about: 'what other processes do, and a daemon that dies',
    settings: dark,
    prepare: async (place) => await filled(place, 'live-tracker'),
  },
  {
    name: 'hostile',
    about: 'records that are large, strange or malicious',
    settings: dark,
    prepare: async (place) => await emptyStore(place, 'odd-records'),
  },
  {
    name: 'no-store',
    about: 'a folder without a store',
    settings: dark,
    prepare: async (place) =>
      place.makeRepository('new-service', { 'README.md': '# new-service\n' }),
  },
  {
    name: 'no-program',
    about: 'no daemon, and no program that could start one',
    settings: { ...dark, 'orion.program': '/opt/orion/bin/orion' },
    prepare: async (place) => await stoppedStore(place, 'no-program'),
  },
  {
    name: 'newer-store',
    about: 'a store that a newer version wrote',
    settings: dark,
    prepare: async (place) => {
      const repository = await stoppedStore(place, 'from-the-future')
      const file = join(repository, '.orion', 'store.sqlite')
      runCommand('sqlite3', [file, 'PRAGMA user_version = 9000'])
      return repository
    },
  },
  {
    name: 'untrusted',
    about: 'a workspace that nobody trusts yet',
    settings: {
      ...dark,
      'security.workspace.trust.enabled': true,
      'security.workspace.trust.startupPrompt': 'never',
    },
    prepare: async (place) => await stoppedStore(place, 'from-a-stranger'),
  },
  {
    name: 'many-roots',
    about: 'a workspace of several repositories',
    settings: dark,
    prepare: async (place) => {
      await emptyStore(place, 'label-printer')
      await emptyStore(place, 'rate-cards')
      const names = ['label-printer', 'rate-cards']
      for (const name of names) {
        const client = await connectTo(place, join(place.root, name))
        await client
          .repository(OrionInsight)
          .create({ summary: `Learned in ${name}.`, domain: name })
        await client.close()
      }
      const file = join(place.root, 'parcels.code-workspace')
      writeFileSync(file, JSON.stringify({ folders: names.map((path) => ({ path })) }))
      return file
    },
  },
  {
    name: 'load',
    about: '10,000 events in ten seconds',
    settings: dark,
    prepare: async (place) => await filled(place, 'busy-tracker'),
    maxMs: 600_000,
  },
]

/** The repository that several scenarios share, one after another. */
async function parcelTracker(place: DemoPlace): Promise<string> {
  return existsSync(place.repository) ? place.repository : await filled(place, 'parcel-tracker')
}

async function filled(place: DemoPlace, name: string): Promise<string> {
  const repository = place.makeRepository(name, demoFiles)
  await fillStore(place, repository)
  startLongJob(place, repository, 'nightly-load-test')
  return repository
}

async function emptyStore(place: DemoPlace, name: string): Promise<string> {
  const repository = place.makeRepository(name, { 'README.md': `# ${name}\n` })
  await (await connectTo(place, repository)).close()
  return repository
}

async function stoppedStore(place: DemoPlace, name: string): Promise<string> {
  const repository = await emptyStore(place, name)
  runCommand('orion', ['stop'], { cwd: repository, env: place.env })
  while (place.daemons(repository).length > 0) await sleep(20)
  return repository
}
