/** What a torture starts beside the daemon, as plain JavaScript: it would take longer from its sources, each time. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Paths of the bundles. */
export interface TorturePrograms {
  /** Preloaded by the daemon. */
  readonly preload: string
  /** The process of a client. */
  readonly cast: string
}

/** Bundles them into a directory. */
export async function bundleTorture(directory: string): Promise<TorturePrograms> {
  const preload = join(directory, 'troubled-host.cjs')
  const cast = join(directory, 'cast-process.mjs')
  const shared = { bundle: true, platform: 'node', target: 'node20', logLevel: 'error' } as const
  const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  await build({
    ...shared,
    entryPoints: [source('troubled-host.ts')],
    outfile: preload,
    format: 'cjs',
  })
  await build({
    ...shared,
    entryPoints: [source('cast/cast-process.ts')],
    outfile: cast,
    format: 'esm',
    // What was written for `require` finds one.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  })
  return { preload, cast }
}
