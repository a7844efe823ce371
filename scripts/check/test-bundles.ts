/**
 * Test files as a whole run starts them: bundled, and several to a process. Starting one, compiling what it imports and
 * compiling SQLite takes more processor time than most files do.
 */
import { readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** So many files share a process: few enough that the last process of a run does not keep the others waiting. */
const groupMax = 6
/** A hook or a setting at the top of a file is one of its whole process; what else there is says so in a comment. */
const ofWholeProcess =
  /^(?:(?:before|after|beforeEach|afterEach)\(|process\.env\.|\/\/ Of the whole process: )/m
/** Programs that tests start again and again; `test/support/script-arguments.ts` finds their bundles. */
const programs = [
  'test/support/serve.ts',
  'test/support/fake-daemon.ts',
  'test/support/starter.ts',
  'test/support/lock-racer.ts',
  'test/support/old-daemon.ts',
  'test/support/counting-process.ts',
  'test/e2e/counting-writer.ts',
]

/**
 * Bundles test files and the programs that they start.
 *
 * @param files - Paths below `root`, in the order in which they are to run.
 * @param outdir - Where they are put; what is there is removed.
 * @returns the bundles to run.
 */
export async function bundleTests(
  root: string,
  files: readonly string[],
  outdir: string,
): Promise<string[]> {
  rmSync(outdir, { recursive: true, force: true })
  const groups = groupsOf(root, files)
  const named = programs.map((path) => [basename(path, '.ts'), join(root, path)] as const)
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([...named, ...groups.map(({ name }) => [name, name])]),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    define: { 'import.meta.url': 'ownUrl' },
    logLevel: 'error',
    plugins: [importsOf(root, groups), ownUrls],
  })
  return groups.map(({ name }) => join(outdir, `${name}.mjs`))
}

/** Test files that share a process. */
interface Group {
  readonly name: string
  readonly files: readonly string[]
}

function groupsOf(root: string, files: readonly string[]): Group[] {
  const folders = new Map<string, string[]>()
  for (const file of files) {
    const isAlone = ofWholeProcess.test(readFileSync(join(root, file), 'utf8'))
    const key = isAlone ? file.replace(/\.test\.ts$/, '') : dirname(file)
    folders.set(key, [...(folders.get(key) ?? []), file])
  }
  return [...folders].flatMap(([folder, members]) => {
    const count = Math.ceil(members.length / groupMax)
    return Array.from({ length: count }, (_, n) => ({
      name: `${folder.replaceAll(/[\\/]/g, '-')}-${n}.test`,
      // Taken in turn, because neighbours in a folder are alike in what they cost.
      files: members.filter((_member, position) => position % count === n),
    }))
  })
}

/** Gives a group its text: it imports its files. */
function importsOf(root: string, groups: readonly Group[]): Plugin {
  const namespace = 'group'
  return {
    name: namespace,
    setup: (bundler) => {
      const texts = new Map(
        groups.map(({ name, files }) => [
          name,
          files.map((file) => `import ${JSON.stringify(join(root, file))}\n`).join(''),
        ]),
      )
      bundler.onResolve({ filter: /\.test$/ }, ({ path, kind }) =>
        kind === 'entry-point' && texts.has(path) ? { path, namespace } : undefined,
      )
      bundler.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: texts.get(path) ?? '',
        resolveDir: root,
      }))
    },
  }
}

/** A module finds files beside its source wherever its bundle lies. */
const ownUrls: Plugin = {
  name: 'own-urls',
  setup: (bundler) => {
    bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules')) return undefined
      const url = JSON.stringify(pathToFileURL(path).href)
      return { contents: `const ownUrl = ${url};${readFileSync(path, 'utf8')}`, loader: 'ts' }
    })
  },
}
