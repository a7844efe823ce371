/** Who may import whom. The table says what the folders of the project are to one another. */
import { builtinModules } from 'node:module'
import { type Import, importsOf } from './imports.ts'
import { type SourceFile, type Violation, violationAt } from './source-tree.ts'

/** What the files of an area may import of ours, beside one another. Areas are paths or their beginnings. */
interface Area {
  /** For use at run time. */
  readonly may: readonly string[]
  /** For types alone. */
  readonly types?: readonly string[]
}

/** `sdk/*.ts` but for its index: the nouns that everybody knows. */
const leaves = 'leaves'
const everything = ['']
const settings = ['daemon/clock.ts', 'daemon/limits.ts', 'daemon/log.ts']

/** The most particular entry counts. */
const areas: { readonly [beginning: string]: Area } = {
  [leaves]: { may: [] },
  'sdk/index.ts': { may: ['sdk/'] },
  'sdk/protocol/': { may: [leaves] },
  'sdk/transport/': { may: [] },
  'sdk/filter/': { may: [leaves] },
  'sdk/launch/': { may: [leaves, 'sdk/transport/'] },
  'sdk/client/': {
    may: [leaves, 'sdk/protocol/', 'sdk/transport/', 'sdk/launch/', 'sdk/filter/'],
  },
  // A plugin is a client.
  'sdk/plugin/': {
    may: [leaves, 'sdk/client/', 'sdk/protocol/', 'sdk/transport/', 'sdk/launch/', 'sdk/filter/'],
  },
  // The store takes its requests and gives its answers in the shapes of the protocol, and knows no more of it.
  'daemon/store/': {
    may: [leaves, 'sdk/filter/', 'daemon/store/engine/', 'daemon/turns.ts'],
    types: ['sdk/protocol/', ...settings],
  },
  'daemon/store/engine/': { may: [leaves], types: settings },
  'daemon/events/': { may: [leaves, 'daemon/turns.ts'], types: ['daemon/store/', ...settings] },
  'daemon/lifecycle/': {
    may: [leaves, 'sdk/protocol/', 'sdk/transport/', 'sdk/launch/'],
    types: settings,
  },
  // What a draft holds is parsed by the protocol's own schemas.
  'daemon/governance/': {
    may: [leaves, 'sdk/protocol/', 'daemon/store/'],
    types: ['sdk/plugin/', 'daemon/events/', ...settings],
  },
  // A plugin is a client with a process and a session of its own; what it brings stands before the store and its actions.
  'daemon/plugins/': {
    may: [leaves, 'sdk/plugin/', 'sdk/client/', 'sdk/protocol/', 'sdk/transport/', 'sdk/launch/'],
    types: ['daemon/governance/', 'daemon/store/', ...settings],
  },
  // A session puts the protocol on a transport.
  'daemon/session/': {
    may: [
      leaves,
      'sdk/protocol/',
      'sdk/transport/',
      'daemon/store/',
      'daemon/events/',
      'daemon/governance/',
      'daemon/plugins/',
    ],
    types: settings,
  },
  'daemon/clock.ts': { may: [leaves] },
  'daemon/limits.ts': { may: [leaves, 'sdk/protocol/', 'sdk/filter/'] },
  'daemon/log.ts': { may: [leaves] },
  'daemon/turns.ts': { may: [] },
  'daemon/': { may: everything },
  'plugins/': { may: ['sdk/'] },
  // Samples of what plugins can do with the records there are.
  'plugins/miner/': { may: ['sdk/', 'plugins/orion/'] },
  'plugins/ci-gate/': { may: ['sdk/', 'plugins/orion/'] },
  // What an editor shows is told apart from the editor, so that it can be tested without one.
  'plugins/vscode/src/model/': { may: ['sdk/'] },
  'plugins/vscode/src/views/': { may: ['sdk/', 'plugins/vscode/src/model/'] },
  'plugins/vscode/src/host/': { may: ['sdk/', 'plugins/vscode/src/'] },
  'plugins/vscode/src/extension.ts': { may: ['plugins/vscode/src/'] },
  // It brings data over that lies in SQLite files of another program, into the record types of another plugin.
  'plugins/legacy/': {
    may: [
      'sdk/',
      'daemon/store/engine/foreign-file.ts',
      'daemon/store/engine/engine.ts',
      'plugins/orion/',
    ],
  },
  'bench/': { may: everything },
  'bin/': { may: everything },
  'scripts/': { may: everything },
  'test/': { may: everything },
}

/** Where each outside package may be imported. */
const packages: { readonly [name: string]: Area } = {
  '@modelcontextprotocol/server': { may: ['plugins/mcp/'] },
  '@stricli/core': { may: ['plugins/cli/'] },
  'cli-table3': { may: ['plugins/cli/'] },
  'fast-check': { may: [] },
  kysely: { may: ['daemon/store/'] },
  minimatch: { may: ['daemon/events/topic-pattern.ts'] },
  picocolors: { may: ['plugins/cli/'] },
  pino: { may: ['daemon/log.ts'] },
  'sql.js': { may: ['daemon/store/engine/'] },
  tsx: { may: [] },
  typescript: { may: [] },
  vscode: { may: ['plugins/vscode/src/host/', 'plugins/vscode/src/extension.ts'] },
  'vscode-jsonrpc': {
    may: ['sdk/protocol/', 'sdk/transport/', 'sdk/client/', 'sdk/plugin/', 'daemon/session/'],
  },
  // One file for both ends: the daemon and the client give it what differs.
  ws: { may: ['sdk/transport/websocket.ts'] },
  zod: {
    // A plugin says with it what its actions take.
    may: [
      'sdk/',
      'plugins/',
      'daemon/session/',
      'daemon/config.ts',
      'daemon/lifecycle/take-over.ts',
      'daemon/plugins/plugin-grants.ts',
      'daemon/plugins/process-starter.ts',
    ],
    types: ['daemon/'],
  },
}

/** Packages that one file hides from all others. */
const hidden: ReadonlySet<string> = new Set(['cli-table3', 'minimatch', 'picocolors', 'pino', 'ws'])

/** Folders whose files may import any package, and the index of the SDK as its users do. */
const outside = /^(test|scripts|bench|bin)\//

/** Imports of our own files keep to the table. */
export function ownImports(file: SourceFile): Violation[] {
  return importsOf(file).flatMap((found) => {
    const problem = found.target === undefined ? undefined : ownProblem(file.path, found)
    return problem === undefined ? [] : [violationAt(file, found.node, problem)]
  })
}

function ownProblem(path: string, { target = '', typeOnly }: Import): string | undefined {
  if (!/\.(ts|mts|mjs|js|json)$/.test(target)) {
    return `imports ${target} without the ending of its name`
  }
  if (/\/index\.ts$/.test(target) && !outside.test(path) && !isRoot(path)) {
    return `imports ${target}, a list of names: import from the file that defines the thing`
  }
  const area = areaOf(path)
  if (area === undefined) return 'is in a folder that the table does not know'
  if (samePart(path, target)) return undefined
  const { may, types = [] } = areas[area] ?? { may: [] }
  if (may.some((beginning) => belongs(target, beginning))) return undefined
  const forTypes = types.some((beginning) => belongs(target, beginning))
  if (forTypes && typeOnly) return undefined
  return forTypes ? `may import only types from ${target}` : `may not import ${target}`
}

/** The files that put the daemon together: they alone take the bundled record types as a user would. */
function isRoot(path: string): boolean {
  return areaOf(path) === 'daemon/'
}

/** Whether two files are of one area; plugins are as many areas as there are plugins. */
function samePart(path: string, target: string): boolean {
  const area = areaOf(path)
  if (area !== areaOf(target)) return false
  return area !== 'plugins/' || path.split('/')[1] === target.split('/')[1]
}

function areaOf(path: string): string | undefined {
  return Object.keys(areas)
    .filter((beginning) => belongs(path, beginning))
    .sort((left, right) => right.length - left.length)[0]
}

function belongs(path: string, beginning: string): boolean {
  if (beginning === leaves) return /^sdk\/[^/]+\.ts$/.test(path) && path !== 'sdk/index.ts'
  return path.startsWith(beginning)
}

/** Imports of packages keep to their table. */
export function packageImports(file: SourceFile): Violation[] {
  return importsOf(file).flatMap((found) => {
    const name = packageOf(found)
    const problem = name === undefined ? undefined : packageProblem(file.path, name, found.typeOnly)
    return problem === undefined ? [] : [violationAt(file, found.node, problem)]
  })
}

function packageProblem(path: string, name: string, typeOnly: boolean): string | undefined {
  if (outside.test(path)) return undefined
  const known = Object.hasOwn(packages, name) ? packages[name] : undefined
  if (known === undefined) return `imports ${name}, a package that the table does not know`
  const allowed = typeOnly ? [...known.may, ...(known.types ?? [])] : known.may
  return allowed.some((beginning) => path.startsWith(beginning))
    ? undefined
    : `may not import ${name}`
}

/** The package that an import means; undefined for our own files and Node's modules. */
function packageOf({ specifier, target }: Import): string | undefined {
  if (target !== undefined || specifier.startsWith('node:')) return undefined
  if (builtinModules.includes(specifier)) return specifier
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** A package that one file hides is imported by that file alone. */
export function hiddenPackages(files: readonly SourceFile[]): Violation[] {
  const importers = new Map<string, Set<string>>()
  for (const file of files.filter(({ path }) => !outside.test(path))) {
    for (const found of importsOf(file)) {
      const name = packageOf(found)
      if (name === undefined || !hidden.has(name)) continue
      importers.set(name, (importers.get(name) ?? new Set()).add(file.path))
    }
  }
  return [...importers].flatMap(([name, paths]) => {
    const [first = '', ...others] = paths
    if (others.length === 0) return []
    return [{ path: first, message: `is not alone in importing ${name}: ${others.join(', ')}` }]
  })
}
