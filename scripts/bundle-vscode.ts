/**
 * Makes `plugins/vscode/dist/extension.cjs` of the extension and the SDK’s sources: one file, which is all that the editor loads.
 *
 *   tsx scripts/bundle-vscode.ts [DIRECTORY]
 *
 * Another directory is for tests. `THIRD-PARTY.txt` beside it holds the licences of the packages that went into it, `schemas/` what
 * the editor checks and completes records by that are edited.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { orionRecordTypes } from '../plugins/orion/record-types.ts'
import { jsonSchemaOf } from '../sdk/record-schema.ts'
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
mkdirSync(join(directory, 'schemas'), { recursive: true })
for (const { name, definition } of orionRecordTypes) {
  // What only its own methods change is not edited.
  const fields = Object.entries(definition.fields).filter(([, field]) => field.managed !== true)
  const schema = jsonSchemaOf({ ...definition, fields: Object.fromEntries(fields) })
  writeFileSync(join(directory, 'schemas', `${name}.json`), `${JSON.stringify(schema, null, 2)}\n`)
}
const packages = bundledPackages(metafile)
writeFileSync(join(directory, 'THIRD-PARTY.txt'), licencesOf(root, packages))
for (const [path, { bytes }] of Object.entries(metafile.outputs))
  console.log(`${path}: ${bytes} bytes`)
console.log(`with ${packages.join(', ')}`)
