/**
 * The process of one plugin: `plugin-host.mjs FILE [PARENT]`. Imports the plugin and lets it serve on stdin and stdout.
 *
 * The SDK is the one that the plugin imports; this file knows only that a plugin has a `serve`, and how bytes come.
 */
import { register } from 'node:module'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

/** What was imported is no plugin, or can't be imported: trying again changes nothing. */
const unusable = 3
const failed = 1

watchParent()
process.stdin.on('end', () => setTimeout(() => process.exit(0), 2000).unref())
const output = keepStdout()
resolveOwnPackage()
const plugin = await load(process.argv[2])
try {
  await plugin.serveStreams({ input: process.stdin, output })
  process.exit(0)
} catch (error) {
  complain(error)
  process.exit(failed)
}

async function load(file) {
  try {
    const module = await importModule(pathToFileURL(file).href)
    // What tsx makes of a CommonJS module has its exports one level deeper.
    const found = [module.default, module.plugin, module.default?.default, module.default?.plugin]
    const plugin = found.find((value) => value?.orionPlugin === true)
    if (plugin !== undefined) return plugin
    throw new Error(
      `${file} exports no plugin: expected \`export const plugin = definePlugin({ … })\``,
    )
  } catch (error) {
    complain(error)
    process.exit(unusable)
  }
}

async function importModule(url) {
  const isTypeScript = /\.[cm]?tsx?$/.test(url) && !process.features.typescript
  if (!isTypeScript) return await import(url)
  const tsx = await import('tsx/esm/api')
  tsx.register() // For what is imported later, too.
  return await tsx.tsImport(url, import.meta.url)
}

/** Stdout carries the protocol; what the plugin prints goes to its log. */
function keepStdout() {
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  process.stdout.on('error', () => process.exit(0)) // The daemon is gone.
  process.stderr.on('error', () => {})
  return new Writable({ write: (chunk, encoding, done) => void write(chunk, encoding, done) })
}

/** A plugin beside which nobody has installed this package gets the SDK of the daemon that runs it. */
function resolveOwnPackage() {
  const own = JSON.stringify(import.meta.url)
  const hooks = `
    export async function resolve(specifier, context, next) {
      try {
        return await next(specifier, context)
      } catch (error) {
        if (!/^orion(\\/|$)/.test(specifier)) throw error
        return await next(specifier, { ...context, parentURL: ${own} })
      }
    }`
  register(`data:text/javascript,${encodeURIComponent(hooks)}`)
}

/** A plugin that is caught in a loop does not see that its daemon is gone; this thread does. */
function watchParent() {
  const watch = `
    const { workerData } = require('node:worker_threads')
    setInterval(() => {
      if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
    }, 1000)`
  // Named by whoever starts it: that may be gone before this runs.
  const parent = Number(process.argv[3] ?? process.ppid)
  const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 }
  new Worker(watch, { eval: true, workerData: parent, resourceLimits }).unref()
}

function complain(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${text}\n`)
}
