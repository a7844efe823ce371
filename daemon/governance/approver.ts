/**
 * The credential of its own that approving may need: a passphrase, or the content of a key file, of which the store's
 * directory holds a slow digest. Whoever has the owner's connection does not have it by that.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { OrionError } from '../../sdk/errors.ts'
import { isJsonObject } from '../../sdk/json.ts'
import { type GovernedCaller, ownerCredential } from './person.ts'

/** Name of the file, in the store's directory. */
export const approverFileName = 'approver.json'

/** The approver of one store. */
export class Approver {
  readonly #path: string
  readonly #wrongDelayMs: number
  /** Undefined while approving needs nothing but the scope. */
  #kept: Kept | undefined
  /** Secrets are looked at one after the other: each costs a while, and a wrong one a while more. */
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0

  /** @throws OrionError `storage_failed` when there is a file that can't be trusted: who approves is not left open. */
  constructor(path: string, options: { readonly wrongDelayMs: number }) {
    this.#path = path
    this.#wrongDelayMs = options.wrongDelayMs
    this.#kept = readKept(path)
  }

  /** Whether approving needs the secret. */
  get isSet(): boolean {
    return this.#kept !== undefined
  }

  /** @throws OrionError `forbidden` when a secret is needed, and none or a wrong one came; `overloaded`. */
  async prove(secret: string | undefined): Promise<void> {
    const kept = this.#kept
    if (kept === undefined) return
    if (secret === undefined) throw refusal('approving needs the approver’s passphrase or key')
    if (!(await this.#inTurn(async () => await this.#isRight(kept, secret)))) {
      throw refusal('this is not the approver’s passphrase or key')
    }
  }

  /**
   * Sets the secret, or changes it.
   *
   * @throws OrionError `forbidden` for everybody but the owner without a token, and without the present secret.
   */
  async init(
    { secret, current }: { readonly secret: string; readonly current?: string | undefined },
    { credential, isRenamed }: GovernedCaller,
  ): Promise<void> {
    if (credential !== ownerCredential || isRenamed) {
      throw new OrionError('forbidden', 'expected the owner of the store, without a token', {
        needs: 'the owner',
        remedy:
          'run `orion approver init` as the owner of the store; with --in-process if it demands a token',
      })
    }
    await this.prove(current)
    const salt = randomBytes(16)
    const kept = { salt, digest: await digestOf(secret, salt) }
    const text = JSON.stringify({ format: 1, salt: hex(kept.salt), digest: hex(kept.digest) })
    const temporary = `${this.#path}.${hex(randomBytes(6))}`
    await writeFile(temporary, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true })
    await rename(temporary, this.#path)
    this.#kept = kept
  }

  async #isRight({ salt, digest }: Kept, secret: string): Promise<boolean> {
    if (timingSafeEqual(await digestOf(secret, salt), digest)) return true
    await new Promise((resolve) => setTimeout(resolve, this.#wrongDelayMs))
    return false
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#waiting >= waitingMax) {
      throw new OrionError('overloaded', 'too many secrets at a time', { retryAfterMs: 1000 })
    }
    this.#waiting += 1
    const result = this.#turn.then(run)
    this.#turn = result.then(
      () => {},
      () => {},
    )
    try {
      return await result
    } finally {
      this.#waiting -= 1
    }
  }
}

interface Kept {
  readonly salt: Buffer
  readonly digest: Buffer
}

const waitingMax = 8
const digestBytes = 32

function digestOf(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(
      secret.normalize('NFC'),
      salt,
      digestBytes,
      { N: 16_384, r: 8, p: 1 },
      (error, digest) => {
        if (error === null) resolve(digest)
        else reject(error)
      },
    )
  })
}

function readKept(path: string): Kept | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  if (!stats.isFile()) throw untrusted(path, 'is no file')
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    throw untrusted(path, 'can be read or written by others')
  }
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw untrusted(path, 'can’t be read')
  }
  const { format, salt, digest } = isJsonObject(value) ? value : {}
  const isWhole = format === 1 && typeof salt === 'string' && typeof digest === 'string'
  if (!isWhole || digest.length !== digestBytes * 2) throw untrusted(path, 'is damaged')
  return { salt: Buffer.from(salt, 'hex'), digest: Buffer.from(digest, 'hex') }
}

function untrusted(path: string, problem: string): OrionError<'storage_failed'> {
  return new OrionError('storage_failed', `${path} ${problem}`, {
    remedy:
      'give it mode 0600 and its content back; remove it if approving shall need nothing but the scope',
  })
}

function refusal(message: string): OrionError<'forbidden'> {
  return new OrionError('forbidden', message, {
    needs: 'approver',
    remedy:
      'let the approver do it: `orion proposal approve` asks for the passphrase, or takes --key-file',
  })
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex')
}
