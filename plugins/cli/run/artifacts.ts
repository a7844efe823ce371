import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { findFiles } from './glob.ts'
import { mimeTypeOf } from './mime-type.ts'

/** A file that a command left behind, as it is recorded. */
export interface Artifact {
  /** From the root of the repository, or absolute if it lies elsewhere. */
  readonly path: string
  readonly description: string
  readonly mimeType: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly checksum: string
  readonly sizeBytes: number
}

/** The found artifacts, and what has to be said about the others. */
export interface ArtifactReport {
  readonly artifacts: readonly Artifact[]
  readonly warnings: readonly string[]
}

/** Most artifacts of one run; their list has to fit into a record. */
export const artifactsMax = 1000

/**
 * Finds the artifacts of a run and takes their checksums, one file after the other, without holding a file in memory.
 *
 * @param globs - Patterns relative to `cwd`, as `findFiles` takes them.
 */
export async function collectArtifacts(
  globs: readonly string[],
  { cwd, signal }: { readonly cwd: string; readonly signal: AbortSignal },
): Promise<ArtifactReport> {
  const root = repositoryRoot(cwd)
  const artifacts = new Map<string, Artifact>()
  const warnings: string[] = []
  for (const glob of globs) {
    const paths = await findFiles(glob, { cwd, filesMax: artifactsMax + 1, signal })
    if (paths.length === 0) warnings.push(`no file fits --artifact ${glob}`)
    for (const path of paths) {
      const absolute = resolve(cwd, path)
      if (artifacts.has(absolute)) continue
      if (artifacts.size >= artifactsMax) {
        warnings.push(`only the first ${artifactsMax} artifacts are recorded`)
        return { artifacts: [...artifacts.values()], warnings }
      }
      try {
        const digest = await digestOf(absolute, signal)
        const description = `found by ${glob}`
        const named = { path: pathFrom(root, absolute), mimeType: mimeTypeOf(path) }
        artifacts.set(absolute, { ...named, description, ...digest })
      } catch (error) {
        signal.throwIfAborted()
        const reason = error instanceof Error ? error.message : String(error)
        warnings.push(`the artifact ${path} can't be read: ${reason}`)
      }
    }
  }
  return { artifacts: [...artifacts.values()], warnings }
}

/** The size counted is that of the bytes that went into the checksum, so that the two always fit. */
async function digestOf(
  path: string,
  signal: AbortSignal,
): Promise<Pick<Artifact, 'checksum' | 'sizeBytes'>> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 256 * 1024 })) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { checksum: `sha256:${hash.digest('hex')}`, sizeBytes }
}

/** The checkout around a directory, linked worktrees included; the directory itself outside of one. */
function repositoryRoot(cwd: string): string {
  for (let directory = cwd; ; directory = dirname(directory)) {
    if (existsSync(join(directory, '.git'))) return directory
    if (dirname(directory) === directory) return cwd
  }
}

function pathFrom(root: string, absolute: string): string {
  const path = relative(root, absolute)
  return path.startsWith('..') ? absolute : path.split(sep).join('/')
}
