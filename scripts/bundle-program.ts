/**
 * Makes `dist/program.cjs` of the program and what it needs: one file loads in a fraction of the time that hundreds take. What
 * is loaded late (the daemon, each command) still runs only when it is needed. The server for AI agents, which brings a library
 * as large as a third of the rest, is a file of its own, `dist/mcp.cjs`.
 *
 *   tsx scripts/bundle-program.ts [DIRECTORY]
 *
 * Another directory than `dist` is for tests. `THIRD-PARTY.txt` in it holds the licences of the packages that went into it.
 */
import { fileURLToPath } from 'node:url'
import { bundleProgram } from './program-bundle.ts'

const directory = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url))
const { files, packages } = await bundleProgram({ directory })
for (const { path, bytes } of files) console.log(`${path}: ${bytes} bytes`)
console.log(`with ${packages.join(', ')}`)
