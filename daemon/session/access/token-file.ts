/**
 * The file of access tokens in the store's directory. It is not part of the database, so that restoring an old backup
 * brings no revoked token back.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { OrionError } from '../../../sdk/errors.ts'
import { scope } from '../../../sdk/protocol/schemas.ts'

/** Name of the file, in the store's directory. */
export const tokenFileName = 'tokens.json'

const storedToken = z.strictObject({
  id: z.string().regex(/^[a-z0-9]{12}$/),
  name: z.string().min(1).max(255),
  /** SHA-256 of the secret, in hexadecimal. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** What each scope holds for. */
  grants: z.partialRecord(scope, z.union([z.literal('all'), z.array(z.string())])),
  createdAt: z.string(),
  createdBy: z.string(),
  parentId: z.string().optional(),
  expiresAt: z.string().optional(),
  lastUsedAt: z.string().optional(),
  revokedAt: z.string().optional(),
})
/** A token as it is kept: without its secret. */
export type StoredToken = z.infer<typeof storedToken>

const tokenFile = z.strictObject({
  format: z.literal(1),
  /** Answers challenges about tokens that are not there as if they were. */
  decoyKey: z.string().regex(/^[0-9a-f]{64}$/),
  tokens: z.array(storedToken),
})
/** What the file holds. */
export type TokenFile = z.infer<typeof tokenFile>

/** What a store without a file has: no token at all. */
export function noTokens(): TokenFile {
  return { format: 1, decoyKey: randomBytes(32).toString('hex'), tokens: [] }
}

/**
 * Reads the file; a store without one has no tokens.
 *
 * @throws OrionError `storage_failed` when the file is not whole, or others could have written it: a daemon that went on
 *   without it would forget what was revoked.
 */
export function readTokenFile(path: string): TokenFile {
  const text = readOwn(path)
  if (text === undefined) return noTokens()
  try {
    return tokenFile.parse(JSON.parse(text))
  } catch (error) {
    throw unusable(path, `a file of tokens, got ${reasonOf(error)}`)
  }
}

/** Replaces the file in one step; it is on disk when this resolves. */
export async function writeTokenFile(path: string, content: TokenFile): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(content, null, 1)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true })
    const message = `the file of tokens ${path} can't be written: ${reasonOf(cause)}`
    throw new OrionError(
      'storage_failed',
      message,
      { remedy: 'look at the disk and at the permissions of the store’s directory' },
      { cause },
    )
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // It opens no directories.
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Undefined when there is none. Whoever else can write it could give himself any rights. */
function readOwn(path: string): string | undefined {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  let fd: number
  try {
    // Not blocking, because a pipe in its place would be waited for.
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    const isForeign = error instanceof Error && 'code' in error && error.code === 'EACCES'
    throw unusable(
      path,
      `a file of this user, got ${reasonOf(error)}`,
      isForeign ? giveBack : undefined,
    )
  }
  try {
    const found = fstatSync(fd)
    const uid = process.getuid?.()
    if (!found.isFile()) throw unusable(path, 'a file, got something else')
    if (uid !== undefined && found.uid !== uid) {
      throw unusable(path, `a file of user ${uid}, got one of user ${found.uid}`, giveBack)
    }
    if (uid !== undefined && (found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8)
      throw unusable(path, `a file that only its owner can read and write, got mode 0${mode}`)
    }
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/** Whoever was here as another user, such as root, has left its files. */
const giveBack =
  'give the files of the store’s directory back to its user (chown); nothing is lost by that'

function unusable(path: string, expected: string, remedy?: string): OrionError<'storage_failed'> {
  return new OrionError('storage_failed', `expected ${path} to be ${expected}`, {
    remedy:
      remedy ??
      'put back a sound copy with mode 0600; or remove it, if all access tokens may be lost and none of them is to be valid again',
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues
    return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'something else'}`
  }
  return error instanceof Error ? error.message : String(error)
}
