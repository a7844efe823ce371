#!/usr/bin/env node
/**
 * The program `orion`: the command line, which knows the SDK alone, and the daemon it may start, wired together.
 *
 * Runs what was built if it is there: one file, whose compiled code is kept for the next time. In a checkout that was not
 * built (or with ORION_FROM_SOURCE=1) it runs the sources, by Node's own type stripping or by tsx.
 *
 * Nothing is imported here: an ECMAScript import of `node:fs` loads all that belongs to it, which takes a tenth of the time
 * that a command may take.
 */
const { createRequire } = process.getBuiltinModule('node:module')
const args = process.argv.slice(2)
const { loadProgram } = createRequire(import.meta.url)('./load-program.cjs')
const built = loadProgram({ use: args[0], env: process.env })
process.exit(await (built === undefined ? runSources() : runBuilt(built)))

async function runBuilt({ program, keep }) {
  const exitCode = await program.main(args, importModule)
  // What only prints a text has compiled too little to be worth keeping.
  if (args.length > 1) keep()
  return exitCode
}

async function runSources() {
  if (!process.features.typescript) (await import('tsx/esm/api')).register()
  const { main } = await import('./program.ts')
  return await main(args, importModule)
}

/** Imports a module of the user's, also in TypeScript; code that is run from a cache can't import by itself. */
async function importModule(url) {
  const isTypeScript = /\.[cm]?tsx?$/.test(url) && !process.features.typescript
  if (!isTypeScript) return await import(url)
  return await (await import('tsx/esm/api')).tsImport(url, import.meta.url)
}
