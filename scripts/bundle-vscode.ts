/**
 * Makes `plugins/vscode/dist/extension.cjs` of the extension and the SDK’s sources: one file, which is all that the editor loads.
 *
 *   tsx scripts/bundle-vscode.ts [DIRECTORY]
 *
 * Another directory is for tests. `THIRD-PARTY.txt` beside it holds the licences of the packages that went into it.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { partsOfZod } from './parts-of-zod.ts'
import { bundledPackages, licencesOf } from './third-party.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const directory = process.argv[2] ?? join(root, 'plugins/vscode/dist')

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['plugins/vscode/src/extension.ts'],
  outfile: join(directory, 'extension.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Names stay, as in the program: people read them in stacks.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  external: ['vscode', 'bufferutil', 'utf-8-validate'],
  plugins: [partsOfZod()],
  define: { 'import.meta.url': 'extensionUrl' },
  banner: { js: "const extensionUrl = require('node:url').pathToFileURL(__filename).href;" },
})
const packages = bundledPackages(metafile)
writeFileSync(join(directory, 'THIRD-PARTY.txt'), licencesOf(root, packages))
for (const [path, { bytes }] of Object.entries(metafile.outputs))
  console.log(`${path}: ${bytes} bytes`)
console.log(`with ${packages.join(', ')}`)
