import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Cli } from './context.ts'
import { parseJson, parseJsonObject } from './parse-flags.ts'
import { UsageError } from './usage-error.ts'

/**
 * The text that an argument stands for: itself, a file's (`@FILE`) or the standard input's (`-`).
 *
 * @throws UsageError when it can't be read.
 */
export async function readArgument(cli: Cli, argument: string): Promise<string> {
  if (argument === '-') return await readStdin(cli)
  if (!argument.startsWith('@')) return argument
  const path = resolve(cli.cwd, argument.slice(1))
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`can't read ${path}: ${reason}`, { cause })
  }
}

/** The JSON object that an argument stands for. @throws UsageError naming the argument. */
export async function readObject(cli: Cli, name: string, argument: string): Promise<JsonObject> {
  return parseNamed(name, await readArgument(cli, argument), parseJsonObject)
}

/** The JSON value that an argument stands for. @throws UsageError naming the argument. */
export async function readValue(cli: Cli, name: string, argument: string): Promise<Json> {
  return parseNamed(name, await readArgument(cli, argument), parseJson)
}

function parseNamed<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`${name}: ${reason}`, {
      cause,
      remedy: 'give JSON in single quotes, @FILE to read a file, or - for the standard input',
    })
  }
}

async function readStdin({ stdin }: Cli): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
