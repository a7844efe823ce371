/** Makes of the program and what it needs the few files that are installed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { partsOfZod } from './parts-of-zod.ts'
import { bundledPackages, licencesOf } from './third-party.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Where the program is put, and what is changed in its sources on the way. */
export interface ProgramBundle {
  readonly directory: string
  /** Is given each source with its path in the project; by default the sources stay as they are. */
  readonly alter?: (path: string, text: string) => string
}

/** A file that was made. */
export interface BundledFile {
  readonly path: string
  readonly bytes: number
}

/** Makes the program; resolves with its files and the packages that went into them. */
export async function bundleProgram(
  options: ProgramBundle,
): Promise<{ readonly files: readonly BundledFile[]; readonly packages: readonly string[] }> {
  const { directory } = options
  const program = await bundle('bin/program.ts', 'program.cjs', options)
  const agents = await bundle('./plugins/mcp/serve.ts', 'mcp.cjs', options)
  const [left] =
    readFileSync(join(directory, 'program.cjs'), 'utf8').match(/\bimport\("[^"]*"\)/) ?? []
  if (left !== undefined)
    throw new Error(`expected a program without ${left}: its code can't import`)
  const packages = [...new Set([program, agents].flatMap(bundledPackages))].sort()
  writeFileSync(join(directory, 'THIRD-PARTY.txt'), licencesOf(root, packages))
  const files = [program, agents].flatMap(({ outputs }) =>
    Object.entries(outputs).map(([path, { bytes }]) => ({ path, bytes })),
  )
  return { files, packages }
}

/** Packages that look for files of their own beside them. */
const external = ['sql.js', 'pino', './mcp.cjs']

/** Leaves the server for AI agents out of the program, which requires it from beside it: code from a cache can't import. */
const agentsApart = (contents: string): string =>
  contents.replace("await import('../plugins/mcp/serve.ts')", "require('./mcp.cjs')")

async function bundle(
  entry: string,
  file: string,
  { directory, alter = (_, text) => text }: ProgramBundle,
): Promise<Metafile> {
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
    plugins: [partsOfZod((contents, path) => agentsApart(alter(relative(root, path), contents)))],
    define: { 'import.meta.url': 'programUrl' },
    banner: { js: "const programUrl = require('node:url').pathToFileURL(__filename).href;" },
  })
  return metafile
}
