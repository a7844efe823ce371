/**
 * Loads the built program together with the code that V8 made of it the last time, because compiling it anew costs more than
 * most commands do. A cache that is absent, old, broken or not ours alone is left aside.
 */
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const { createRequire, enableCompileCache } = require('node:module')
const os = require('node:os')
const path = require('node:path')
const { Script } = require('node:vm')

/**
 * @param {object} options
 * @param {string} [options.file] - The program, one CommonJS file; by default the one that was built.
 * @param {string} [options.use] - The command; those that need other code than most have a cache of their own.
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {{program: any, keep: () => void} | undefined} Undefined if the sources are to be run. `keep` writes the cache, if
 *   there was none that fits.
 */
function loadProgram({ file = path.join(__dirname, '../dist/program.cjs'), use, env }) {
  if (env.ORION_FROM_SOURCE === '1' || !fs.existsSync(file)) return undefined
  const directory = cacheDirectory(env)
  if (directory === undefined) return { program: require(file), keep: () => {} }
  if (enableCompileCache !== undefined) {
    enableCompileCache(directory)
    return { program: require(file), keep: () => {} }
  }
  const cache = path.join(directory, cacheName(file, use))
  const mark = markOf(file)
  const cachedData = readCache(cache, mark)
  const source = `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(file, 'latin1')}\n})`
  const script = new Script(source, { filename: file, cachedData })
  const loaded = { exports: {} }
  script.runInThisContext()(loaded.exports, createRequire(file), loaded, file, path.dirname(file))
  const fits = cachedData !== undefined && script.cachedDataRejected !== true
  return { program: loaded.exports, keep: () => fits || writeCache(cache, mark, script) }
}

const markLength = 64
const digestLength = 32

/** Commands that need more code than a question to the daemon. */
const ownCaches = new Set(['serve', 'run', 'stdio', 'watch'])

/** Each place where a program lies has caches of its own. */
function cacheName(file, use) {
  const place = createHash('sha256').update(file).digest('hex').slice(0, 16)
  return `${place}-${process.version}-${process.arch}-${ownCaches.has(use) ? use : 'ask'}.v8`
}

/** Which program the cache was made of. V8 itself checks its own version and flags. */
function markOf(file) {
  const { size, mtimeMs } = fs.statSync(file)
  return `${size} ${mtimeMs}\n`.padStart(markLength)
}

/** V8 ends the process when it meets damaged code, so every byte is checked before it sees one. */
function readCache(cache, mark) {
  try {
    const bytes = fs.readFileSync(cache)
    const code = bytes.subarray(markLength + digestLength)
    if (bytes.toString('latin1', 0, markLength) !== mark) return undefined
    return digestOf(code).equals(bytes.subarray(markLength, markLength + digestLength))
      ? code
      : undefined
  } catch {
    return undefined // There is none yet.
  }
}

function writeCache(cache, mark, script) {
  try {
    const temporary = `${cache}.${process.pid}`
    // The code is marked with V8's flags, and loading the engine has changed one (daemon/store/engine/whole-wasm-calls.ts).
    // The next process reads it before it loads the engine. This one calls no WebAssembly any more.
    require('node:v8').setFlagsFromString('--turbo-inline-js-wasm-calls')
    const code = script.createCachedData()
    const bytes = Buffer.concat([Buffer.from(mark), digestOf(code), code])
    fs.writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o600 })
    fs.renameSync(temporary, cache)
  } catch {
    // A full disk, say. The next call starts as slowly as this one, and works as well.
  }
}

function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest()
}

/** A directory that nobody else can write to: code is run from it. */
function cacheDirectory(env) {
  if (env.ORION_CODE_CACHE === '0' || process.getuid === undefined) return undefined
  try {
    const directory = path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'orion')
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
    const { uid, mode } = fs.statSync(directory)
    return uid === process.getuid() && (mode & 0o022) === 0 ? directory : undefined
  } catch {
    return undefined // No home, or a read-only one.
  }
}

module.exports = { loadProgram }
