/** Files of the earlier system, damaged at random: read as far as they can be, or refused with what to do. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateLegacy } from '../../plugins/legacy/migrate-legacy.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { Random } from '../e2e/fuzz/random.ts'
import { makeSeededFile } from './seeded-file.ts'

/** What came of damaged files. */
export interface DamagedRun {
  readonly files: number
  /** Of these, how many could be read in spite of it. */
  readonly read: number
  readonly problems: readonly string[]
}

/** Tries so many files. What is not read has to be refused in words, and no file may be changed by that. */
export async function tryDamagedFiles(seed: number, files: number): Promise<DamagedRun> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-legacy-'))
  const problems: string[] = []
  let read = 0
  try {
    const whole = join(directory, 'whole.db')
    await makeSeededFile(whole, { seed, variant: 'b', count: 60 })
    const bytes = readFileSync(whole)
    const random = new Random(seed)
    for (let file = 0; file < files; file++) {
      const from = join(directory, `damaged-${file}.db`)
      const damaged = damage(bytes, random)
      writeFileSync(from, damaged)
      const problem = await tryOne(from)
      if (problem === 'read') read += 1
      else if (problem !== undefined) problems.push(`seed ${seed}, file ${file}: ${problem}`)
      if (digestOf(readFileSync(from)) !== digestOf(damaged)) {
        problems.push(`seed ${seed}, file ${file} was changed`)
      }
      rmSync(from)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  return { files, read, problems }
}

async function tryOne(from: string): Promise<string | undefined> {
  try {
    await migrateLegacy({ from, storePath: '/nowhere', mode: 'dry-run', connect: undefined })
    return 'read'
  } catch (error) {
    if (!isOrionError(error)) return `${error instanceof Error ? error.stack : error}`
    const isTold = error.kind !== 'internal' && (error.data.remedy ?? '').length > 0
    return isTold ? undefined : `refused as ${error.kind} without a remedy: ${error.message}`
  }
}

/** Flips bytes, cuts, repeats and swaps pages, or writes odd things into the header. */
function damage(whole: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(whole)
  const pageSize = 4096
  const pages = Math.max(1, Math.floor(bytes.length / pageSize))
  switch (random.below(5)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length))
    case 1:
      bytes[random.below(100)] = random.below(256)
      return bytes
    case 2: {
      const from = random.below(pages) * pageSize
      bytes.copyWithin(random.below(pages) * pageSize, from, from + pageSize)
      return bytes
    }
    case 3: {
      const from = random.below(pages) * pageSize
      random.bytes(64).copy(bytes, from + random.below(pageSize - 64))
      return bytes
    }
    default:
      for (let count = 1 + random.below(40); count > 0; count--) {
        bytes[random.below(bytes.length)] = random.below(256)
      }
      return bytes
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
