/** The files of a new plugin. */
import { VERSION } from '../../../sdk/version.ts'
import type { PluginNames } from './plugin-names.ts'
import { pluginSource, testSource } from './plugin-source.ts'

/** What a new plugin needs besides Orion; the versions that this installation was tested with. */
export const toolVersions = {
  '@types/node': '20.19.43',
  tsx: '4.23.15',
  typescript: '6.0.3',
} as const

/**
 * Every file of a new plugin, by its name.
 *
 * @param orion - Where npm finds this installation; undefined if it lies in a folder above, where Node finds it by itself.
 */
export function pluginFiles(
  names: PluginNames,
  orion: string | undefined,
): ReadonlyMap<string, string> {
  return new Map([
    ['package.json', packageJson(names, orion)],
    ['tsconfig.json', tsconfig],
    ['.gitignore', 'node_modules/\n'],
    ['plugin.ts', pluginSource(names)],
    ['plugin.test.ts', testSource(names)],
    ['README.md', readme(names, orion !== undefined)],
  ])
}

function packageJson({ plugin }: PluginNames, orion: string | undefined): string {
  const manifest = {
    name: plugin,
    version: '0.1.0',
    private: true,
    type: 'module',
    orion: { plugin: './plugin.ts' },
    scripts: { test: 'node --import tsx --test plugin.test.ts', check: 'tsc' },
    devDependencies: { ...(orion === undefined ? {} : { orion }), ...toolVersions },
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

const tsconfig = `{
  "compilerOptions": {
    "target": "es2023",
    "lib": ["es2023", "esnext.disposable"],
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "exactOptionalPropertyTypes": true,
    "verbatimModuleSyntax": true,
    "erasableSyntaxOnly": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["*.ts"]
}
`

function readme({ plugin, types, actions }: PluginNames, installs: boolean): string {
  const install = installs ? 'npm install      # once\n' : ''
  return `# ${plugin}

A plugin for Orion ${VERSION}: it keeps notes (\`${types}Note\`), fills in how many words they have, refuses those that
are too long, and counts them (\`${types}Tally\`).

\`\`\`sh
${install}npm test         # the plugin in the real daemon, on a store of its own
npm run check    # its types; wants \`npm install\` first
\`\`\`

Try it while you change it. It runs in a store that is thrown away; each change of a file starts it anew, and what it
logs is shown:

\`\`\`sh
orion plugin dev --throwaway
\`\`\`

Let it run in the store of a repository. You are shown what it may do, and asked:

\`\`\`sh
orion plugin add .
orion action run ${actions}.add --params '{"text": "three little words"}'
orion list ${types}Note
orion plugin logs ${plugin}
\`\`\`

When you have changed it, \`orion plugin add .\` again: other code than you agreed to is not started.

\`plugin.ts\` is the plugin, \`plugin.test.ts\` its test.
`
}
