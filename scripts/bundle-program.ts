/**
 * Makes `dist/program.cjs` of the program and what it needs: one file loads in a fraction of the time that hundreds take. What
 * is loaded late (the daemon, each command) still runs only when it is needed. The server for AI agents, which brings a library
 * as large as a third of the rest, is a file of its own, `dist/mcp.cjs`.
 *
 *   tsx scripts/bundle-program.ts [DIRECTORY]
 *
 * Another directory than `dist` is for tests. `THIRD-PARTY.txt` in it holds the licences of the packages that went into it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { partsOfZod } from './parts-of-zod.ts'
import { bundledPackages, licencesOf } from './third-party.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const directory = process.argv[2] ?? join(root, 'dist')

/** Packages that look for files of their own beside them. */
const external = ['sql.js', 'pino', './mcp.cjs']

/** Leaves the server for AI agents out of the program, which requires it from beside it: code from a cache can't import. */
const agentsApart = (contents: string): string =>
  contents.replace("await import('../plugins/mcp/serve.ts')", "require('./mcp.cjs')")

const program = await bundle('bin/program.ts', 'program.cjs')
const agents = await bundle('./plugins/mcp/serve.ts', 'mcp.cjs')
const [left] =
  readFileSync(join(directory, 'program.cjs'), 'utf8').match(/\bimport\("[^"]*"\)/) ?? []
if (left !== undefined) throw new Error(`expected a program without ${left}: its code can't import`)
const packages = [...new Set([program, agents].flatMap(bundledPackages))].sort()
writeFileSync(join(directory, 'THIRD-PARTY.txt'), licencesOf(root, packages))
for (const [path, { bytes }] of [program, agents].flatMap(({ outputs }) =>
  Object.entries(outputs),
)) {
  console.log(`${path}: ${bytes} bytes`)
}
console.log(`with ${packages.join(', ')}`)

async function bundle(entry: string, file: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(directory, file),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Names stay: some packages tell their errors apart by the names of classes, and people read them in stacks.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // Of a module without side effects whose importers are loaded late the bundler forgets to run the beginning.
    ignoreAnnotations: file === 'mcp.cjs',
    metafile: true,
    external,
    plugins: [partsOfZod(agentsApart)],
    define: { 'import.meta.url': 'programUrl' },
    banner: { js: "const programUrl = require('node:url').pathToFileURL(__filename).href;" },
  })
  return metafile
}
