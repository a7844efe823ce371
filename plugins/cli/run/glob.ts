import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Finds the files that fit a glob, sorted, as paths from `cwd` (or absolute ones, if the glob is).
 *
 * `*` is any run of characters inside a name, `?` one, `[ab]` and `[!ab]` one of some, `{a,b}` either, `**` any number of
 * directories. As in a shell, a wildcard does not stand for the dot at the beginning of a name. A directory that fits
 * stands for all files in it. `**` does not go into `node_modules` and does not follow links to directories.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function findFiles(glob: string, options: FindOptions): Promise<string[]> {
  const found = new Set<string>()
  for (const pattern of expandBraces(glob)) {
    const segments = pattern.split('/').filter((part, index) => part !== '' || index === 0)
    const absolute = segments[0] === ''
    const walk: Walk = { ...options, found }
    await visit(walk, {
      at: absolute ? '/' : '',
      segments: absolute ? segments.slice(1) : segments,
    })
  }
  return [...found].sort()
}

/** Where to look, and when to stop. */
export interface FindOptions {
  readonly cwd: string
  /** No more than this many files are found. */
  readonly filesMax: number
  readonly signal: AbortSignal
}

/** The alternatives of a glob: `a{b,c}` is `ab` and `ac`. Braces without a comma stand for themselves. */
export function expandBraces(glob: string): string[] {
  const group = innermostGroup.exec(glob)
  if (group === null) return [glob]
  const before = glob.slice(0, group.index)
  const after = glob.slice(group.index + group[0].length)
  const expanded = (group[1] ?? '')
    .split(',')
    .flatMap((choice) => expandBraces(before + choice + after))
  return [...new Set(expanded)].slice(0, alternativesMax)
}

const innermostGroup = /\{([^{}]*,[^{}]*)\}/
const alternativesMax = 256

interface Walk extends FindOptions {
  readonly found: Set<string>
}

interface Step {
  /** Path so far, from `cwd`. */
  readonly at: string
  /** What is left of the glob. */
  readonly segments: readonly string[]
}

async function visit(walk: Walk, { at, segments }: Step): Promise<void> {
  walk.signal.throwIfAborted()
  if (walk.found.size >= walk.filesMax) return
  const [segment, ...rest] = segments
  if (segment === undefined) return await take(walk, at)
  if (segment === '**') return await visitDeep(walk, { at, segments: rest })
  if (!/[*?[]/.test(segment)) return await visit(walk, { at: child(at, segment), segments: rest })
  const fits = namePattern(segment)
  for (const entry of await entriesOf(walk, at)) {
    if (entry.name.startsWith('.') && !segment.startsWith('.')) continue
    if (fits.test(entry.name)) await visit(walk, { at: child(at, entry.name), segments: rest })
  }
}

/** What is left of the glob may fit here, or in any directory below. */
async function visitDeep(walk: Walk, { at, segments }: Step): Promise<void> {
  const last = segments.length === 0
  if (!last) await visit(walk, { at, segments })
  for (const entry of await entriesOf(walk, at)) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    if (entry.isDirectory()) await visitDeep(walk, { at: child(at, entry.name), segments })
    else if (last) await take(walk, child(at, entry.name))
  }
}

/** Takes a file; for a directory all files in it. */
async function take(walk: Walk, path: string): Promise<void> {
  const found = await stat(join(walk.cwd, path) /* follows links */).catch(() => undefined)
  if (found?.isFile()) walk.found.add(path)
  else if (found?.isDirectory()) await visitDeep(walk, { at: path, segments: [] })
}

async function entriesOf(walk: Walk, path: string) {
  walk.signal.throwIfAborted()
  const directory = path.startsWith('/') ? path : join(walk.cwd, path)
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return walk.found.size >= walk.filesMax ? [] : entries
}

function child(path: string, name: string): string {
  return path === '' || path.endsWith('/') ? path + name : `${path}/${name}`
}

/** The pattern of one name. Runs of `*` are one, so that no name takes exponential time. */
function namePattern(segment: string): RegExp {
  const source = segment.replace(
    /\*+|\?|\[([!^]?)([^\]]+)\]|[\\^$.|+()[\]{}]/g,
    (text, not: string | undefined, set: string | undefined) => {
      if (text.startsWith('*')) return '.*'
      if (text === '?') return '.'
      if (set === undefined) return `\\${text}`
      return `[${not ? '^' : ''}${set.replace(/[\\^[]/g, '\\$&')}]`
    },
  )
  return new RegExp(`^${source}$`, 's')
}
