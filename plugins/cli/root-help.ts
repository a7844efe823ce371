/** The help of the program as a whole; each command has one of its own. */
import type { Colours } from './colours.ts'

/** What `orion --help` prints: the commands in groups, first steps, and the exit codes. */
export function rootHelp(briefs: ReadonlyMap<string, string>, { bold, dim }: Colours): string {
  const named = new Set<string>(groups.flatMap(({ names }) => names))
  const others = [...briefs.keys()].filter((name) => !named.has(name))
  const shown = others.length === 0 ? groups : [...groups, { title: 'More', names: others }]
  const parts = shown.map(({ title, names }) => {
    const lines = names.map((name) => `  ${name.padEnd(12)}${briefs.get(name) ?? ''}`)
    return `${bold(title)}\n${lines.join('\n')}\n`
  })
  return [
    `${bold('orion')} <command> [--store DIR] [--json] [--token T]\n`,
    'The shared state of this repository: typed, versioned records, and every change as an event.\nThe daemon starts by itself when it is needed.\n',
    ...parts,
    `${bold('First steps')}\n${firstSteps.map((line) => `  ${line}\n`).join('')}`,
    `${bold('Exit codes')}\n${exitCodeTexts.map((line) => `  ${line}\n`).join('')}`,
    dim('`orion COMMAND --help` explains a command, with examples.\n'),
  ].join('\n')
}

const groups: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  { title: 'Jobs', names: ['run'] },
  {
    title: 'Records',
    names: [
      'list',
      'search',
      'get',
      'create',
      'update',
      'delete',
      'archive',
      'restore',
      'revert',
      'purge',
      'count',
      'explain',
      'history',
      'diff',
      'blame',
      'referrers',
      'transact',
      'import',
    ],
  },
  { title: 'Events', names: ['watch', 'events', 'news', 'wait', 'publish'] },
  { title: 'Record types', names: ['types'] },
  { title: 'Actions and proposals', names: ['action', 'simulate', 'proposal'] },
  { title: 'Plugins', names: ['plugin'] },
  { title: 'Access', names: ['token', 'approver'] },
  { title: 'The earlier system', names: ['migrate'] },
  { title: 'Shells', names: ['completion'] },
  {
    title: 'Daemon',
    names: ['status', 'doctor', 'endpoint', 'stop', 'backup', 'serve', 'stdio', 'mcp', 'lsp'],
  },
]

const firstSteps = [
  'orion types',
  `orion create OrionInsight --data '{"summary":"the cache is cold on Mondays","domain":"build"}'`,
  "orion watch '*'",
  'orion run -- npm test',
]

const exitCodeTexts = [
  '0 done    1 failed    2 wrong usage    3 not found    4 conflict',
  '5 unauthenticated, forbidden or to be approved    6 no daemon    7 time ran out',
]
