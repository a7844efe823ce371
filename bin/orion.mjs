#!/usr/bin/env node
/**
 * The program `orion`: the command line, which knows the SDK alone, and the daemon it may start, wired together.
 *
 * Runs what was built if it is there; in a checkout that was not built (or with ORION_FROM_SOURCE=1) the sources, by Node's
 * own type stripping or by tsx.
 */
import { existsSync } from 'node:fs'

const built = new URL('../dist/', import.meta.url)
const isBuilt =
  process.env.ORION_FROM_SOURCE !== '1' && existsSync(new URL('plugins/cli/main.js', built))
const [root, ending] = isBuilt ? [built, 'js'] : [new URL('../', import.meta.url), 'ts']
if (!isBuilt && !process.features.typescript) (await import('tsx/esm/api')).register()

const load = (path) => import(new URL(`${path}.${ending}`, root).href)

const { runCli } = await load('plugins/cli/main')
const exitCode = await runCli(process.argv.slice(2), {
  runDaemon: async (args) => (await load('daemon/main')).runDaemon(args),
  inProcess: async () => (await load('daemon/in-process')).inProcess(),
})
// Everything is written and closed; what a library may have left open must not hold the shell up.
process.exit(exitCode)
