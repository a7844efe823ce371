/** Bundles the programs of a benchmark: what is measured is plain JavaScript, as somebody installs it. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const directory = fileURLToPath(new URL('../../node_modules/.cache/orion-bench/', import.meta.url))

/** Bundles a script of this folder; resolves with the path of the bundle. */
export async function bundle(script: string): Promise<string> {
  const outfile = `${directory}${script.replace(/\.ts$/, '.mjs')}`
  await build({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    // What was written for `require` finds one.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  })
  return outfile
}
