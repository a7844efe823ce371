/** The passphrase or key of the approver, where a person has set one. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isOrionError } from '../../../sdk/errors.ts'
import { systemCode } from '../../../sdk/launch/launch-error.ts'
import type { Cli } from '../context.ts'
import { askHidden, assertTerminal } from '../terminal-questions.ts'
import { UsageError } from '../usage-error.ts'

/** Asks for the passphrase. @throws UsageError when there is nobody to ask. */
export async function askSecret(cli: Cli): Promise<string> {
  assertTerminal(cli, 'take --key-file')
  return await askHidden(cli, 'Passphrase of the approver (not shown): ')
}

/** What a key file holds. @throws UsageError when it can't be read. */
export function readKey(cli: Cli, file: string): string {
  const path = resolve(cli.cwd, file)
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new UsageError(`can't read the key file ${path}: ${systemCode(cause)}`, { cause })
  }
}

/** Sends requests that may need the secret; a person is asked for it once, and only when it turns out to be needed. */
export class ApproverSecret {
  readonly #cli: Cli
  #secret: string | undefined

  constructor(cli: Cli, keyFile: string | undefined) {
    this.#cli = cli
    this.#secret = keyFile === undefined ? undefined : readKey(cli, keyFile)
  }

  async with<T>(send: (secret: string | undefined) => Promise<T>): Promise<T> {
    try {
      return await send(this.#secret)
    } catch (error) {
      const isNeeded = isOrionError(error, 'forbidden') && error.data.needs === 'approver'
      if (!isNeeded || this.#secret !== undefined || !this.#cli.stdin.isTTY) throw error
      this.#secret = await askSecret(this.#cli)
      return await send(this.#secret)
    }
  }
}
