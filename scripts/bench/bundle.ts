/** Bundles the programs of a benchmark: what is measured is plain JavaScript, as somebody installs it. */
import { type ChildProcess, fork } from 'node:child_process'
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

/** Starts the bundle of a script of this folder; resolves when it has sent its first message. */
export async function forkBundled(script: string, args: readonly string[]): Promise<ChildProcess> {
  const child = fork(await bundle(script), [...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)))
  })
  return child
}
