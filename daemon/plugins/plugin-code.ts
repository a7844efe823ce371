/** The code of a plugin: where it lies, and what tells it from code that was changed. */
import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { OrionError } from '../../sdk/errors.ts'
import { isJsonObject, type Json } from '../../sdk/json.ts'

/** Where the code of a plugin lies. */
export interface PluginPlace {
  /** The module that is imported, an absolute path. */
  readonly entry: string
  /** The directory that belongs to the plugin as a whole; undefined for a single file and what it imports. */
  readonly root: string | undefined
}

/** What a digest is made of. */
export interface PluginCode {
  readonly files: number
  /** Of every file's name and bytes. */
  readonly digest: string
}

/** Most files, and most bytes of them, that a plugin may consist of. */
const filesMax = 5000
const bytesMax = 64 * 1024 * 1024

/**
 * Finds a plugin by what a person calls it. Runs nothing.
 *
 * @param spec - A path, or the name of a package that is installed where `cwd` is.
 * @throws OrionError `not_found`, `invalid_request`.
 */
export function locatePlugin(spec: string, cwd: string): PluginPlace {
  if (!isAbsolute(cwd) || `${spec}${cwd}`.includes('\0')) {
    const got = JSON.stringify(cwd.slice(0, 80))
    throw new OrionError('invalid_request', `cwd: expected an absolute path, got ${got}`, {
      issues: [{ path: 'cwd', message: 'expected an absolute path' }],
      remedy: 'send the directory that the path or package is meant from; neither may hold NUL',
    })
  }
  const isPath = /^\.{0,2}([/\\]|$)/.test(spec) || isAbsolute(spec)
  const path = isPath ? resolve(cwd, spec) : packageDirectory(spec, cwd)
  const stats = statOf(path)
  if (stats === undefined) {
    throw new OrionError('not_found', `there is nothing at ${path}`, {
      remedy: 'name a file or a directory (./path), or a package that is installed here',
    })
  }
  const real = realpathSync(path)
  return stats.isDirectory()
    ? { entry: entryOf(real), root: real }
    : { entry: real, root: undefined }
}

/**
 * Reads all of a plugin's files: those of its directory without `node_modules`, or a file and what it imports by relative
 * paths. What is installed beside it is for the lock file to hold.
 *
 * @throws OrionError `not_found` when something is gone, `too_large`.
 */
export function digestCode(place: PluginPlace): PluginCode {
  const base = place.root ?? dirname(place.entry)
  const paths = place.root === undefined ? importedFiles(place.entry) : filesBelow(place.root)
  const hash = createHash('sha256')
  const budget = { left: bytesMax }
  for (const path of paths.sort()) {
    const bytes = readFile(path, budget)
    const name = relative(base, path).split(sep).join('/')
    hash.update(JSON.stringify([name, bytes.length])).update(bytes)
  }
  return { files: paths.length, digest: hash.digest('hex') }
}

function packageDirectory(name: string, cwd: string): string {
  const require = createRequire(join(cwd, 'noname.js'))
  for (const directory of require.resolve.paths(name) ?? []) {
    const candidate = join(directory, name)
    if (statOf(candidate)?.isDirectory()) return candidate
  }
  throw new OrionError('not_found', `expected an installed package ${name}, got none`, {
    remedy: `install it (npm install ${name}), or name a path that begins with ./`,
  })
}

/** The module of a directory, by its package.json, else its index. */
function entryOf(directory: string): string {
  const declared = declaredEntry(join(directory, 'package.json'))
  const names = declared === undefined ? indexNames : [declared]
  for (const name of names) {
    const path = resolve(directory, name)
    if (!path.startsWith(directory + sep)) continue
    if (statOf(path)?.isFile()) return path
  }
  throw new OrionError('invalid_request', `expected a module in ${directory}, got none`, {
    remedy: `name one in package.json (\`"orion": {"plugin": "./plugin.ts"}\` or \`exports\`), or have ${indexNames[0]}`,
  })
}

const indexNames = ['index.ts', 'index.mts', 'index.js', 'index.mjs']

function declaredEntry(path: string): string | undefined {
  if (statOf(path) === undefined) return undefined
  let manifest: unknown
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new OrionError(
      'invalid_request',
      `${path} is no JSON`,
      { remedy: 'correct it' },
      { cause },
    )
  }
  if (!isJsonObject(manifest)) return undefined
  const { orion, exports, main } = manifest
  if (isJsonObject(orion) && typeof orion.plugin === 'string') return orion.plugin
  return exportOf(exports) ?? (typeof main === 'string' ? main : undefined)
}

function exportOf(exports: Json | undefined): string | undefined {
  if (typeof exports === 'string') return exports
  if (!isJsonObject(exports)) return undefined
  return exportOf(exports['.'] ?? exports.import ?? exports.default)
}

function filesBelow(directory: string): string[] {
  const found: string[] = []
  const look = (at: string): void => {
    for (const entry of entriesOf(at)) {
      if (notOwn.has(entry.name)) continue
      const path = join(at, entry.name)
      if (entry.isDirectory()) look(path)
      else if (statOf(path)?.isFile()) found.push(path)
      if (found.length > filesMax) throw tooMuch(`${directory} has more than ${filesMax} files`)
    }
  }
  look(directory)
  return found
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (cause) {
    const remedy = 'let the daemon’s user read it, or take it out'
    throw new OrionError('not_found', `can’t read ${directory}`, { remedy }, { cause })
  }
}

const notOwn: ReadonlySet<string> = new Set(['node_modules', '.git', '.orion'])

/** Undefined for what can't be looked at: a link that leads nowhere, a name that is too long, what others may not see. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** A module and all that it imports by relative paths, as far as they are spelled out. */
function importedFiles(entry: string): string[] {
  const found = new Set<string>([entry])
  for (const path of found) {
    for (const specifier of relativeImports(readFile(path, { left: bytesMax }))) {
      const target = fileAt(resolve(dirname(path), specifier))
      if (target !== undefined) found.add(target)
    }
    if (found.size > filesMax) throw tooMuch(`${entry} imports more than ${filesMax} files`)
  }
  return [...found]
}

/**
 * What stands in quotes after `from`, `import`, `import(` or `require(` and begins with `./` or `../`. Looks at bytes: to
 * decode a bundle of a megabyte and match all of it stops a daemon for tens of milliseconds.
 */
export function relativeImports(code: Buffer): string[] {
  const found: string[] = []
  for (let dot = code.indexOf('./'); dot !== -1; dot = code.indexOf('./', dot + 2)) {
    const start = code[dot - 1] === dotByte ? dot - 1 : dot
    const quote = code[start - 1]
    if (quote === undefined || !quotes.has(quote) || !importsAt(code, start - 1)) continue
    const end = code.subarray(start).findIndex((byte) => quotes.has(byte) || byte === newline)
    if (end !== -1 && code[start + end] !== newline)
      found.push(code.toString('utf8', start, start + end))
  }
  return found
}

function importsAt(code: Buffer, quote: number): boolean {
  let end = skipSpace(code, quote)
  if (code[end - 1] === parenthesis) end = skipSpace(code, end - 1)
  return /(?:from|import|require)$/.test(code.toString('latin1', Math.max(0, end - 7), end))
}

/** Where the white space ends that lies before a position, which is exclusive. */
function skipSpace(code: Buffer, before: number): number {
  let at = before
  while (space.has(code[at - 1] ?? 0)) at--
  return at
}

const [dotByte = 0, parenthesis = 0, newline = 0] = Buffer.from('.(\n')
const quotes: ReadonlySet<number> = new Set(Buffer.from(`'"\``))
const space: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n\f\v'))

function fileAt(path: string): string | undefined {
  const typescript = path.replace(/\.([cm]?)js$/, '.$1ts')
  const candidates = [path, typescript, `${path}.ts`, `${path}.js`, join(path, 'index.ts')]
  return candidates.find((candidate) => statOf(candidate)?.isFile())
}

function readFile(path: string, budget: { left: number }): Buffer {
  try {
    const { size } = statSync(path)
    budget.left -= size
    if (budget.left < 0) throw tooMuch(`the files of the plugin have more than ${bytesMax} bytes`)
    // Files of a kernel say that they are empty, and reading one may never end.
    if (size === 0) return Buffer.alloc(0)
    return readFileSync(path)
  } catch (cause) {
    if (cause instanceof OrionError) throw cause
    throw new OrionError('not_found', `can’t read ${path}`, { remedy: 'put it back' }, { cause })
  }
}

function tooMuch(message: string): OrionError<'too_large'> {
  return new OrionError('too_large', message, {
    limit: filesMax,
    remedy: 'give the plugin a directory of its own, with nothing else in it',
  })
}
