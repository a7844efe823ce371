import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type ErrorKind, isOrionError, OrionError } from '../../../sdk/errors.ts'
import { isJsonObject, type JsonObject } from '../../../sdk/json.ts'
import type { TransactOperation } from '../../../sdk/protocol/records.ts'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import { defined } from '../defined.ts'
import type { ImportFlags } from '../flags.ts'
import { parseJsonObject } from '../parse-flags.ts'
import { printResult, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion import` */
export const importRecords: Action<ImportFlags, [string, string]> = async (
  cli,
  flags,
  type,
  source,
) => {
  const { progressBar } = await import('../present/progress-bar.ts')
  const input = await openInput(cli, source)
  const bar = progressBar(cli.err)
  const lines = new Lines(type, input)
  const { reason, dryRun } = flags
  let stand = 0
  try {
    const { done, token } = await withClient(cli, flags, (client) =>
      client.bulk(lines, {
        ...defined({ reason, dryRun: dryRun || undefined }),
        onProgress: (progress) => {
          stand = dryRun ? 0 : progress.done
          bar.show({ done: progress.done, part: input.part() })
        },
      }),
    )
    await bar.clear()
    const value = { type, created: dryRun ? 0 : done, checked: done, token }
    await printResult(cli, flags, {
      value,
      people: async () => {
        const { importedText } = await import('../present/written.ts')
        return importedText({ type, done, dryRun }, styleOf(cli))
      },
    })
    return 0
  } catch (error) {
    await bar.clear()
    throw lines.placed(error, stand)
  }
}

function retold<K extends ErrorKind>(error: OrionError<K>, message: string): OrionError<K> {
  return new OrionError(error.kind, message, error.data, { cause: error })
}

/** The operations of a file's lines, and where each came from. */
class Lines implements AsyncIterable<TransactOperation> {
  readonly #type: string
  readonly #input: Input
  /** Lines without anything on them, by the number of operations before them, so that an index finds its line. */
  readonly #blank: number[] = []

  constructor(type: string, input: Input) {
    this.#type = type
    this.#input = input
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TransactOperation, void, undefined> {
    let count = 0
    const reader = createInterface({
      input: this.#input.stream,
      crlfDelay: Number.POSITIVE_INFINITY,
    })
    for await (const line of reader) {
      if (line.trim() === '') {
        this.#blank.push(count)
        continue
      }
      yield { op: 'create', type: this.#type, ...this.#parse(line, count) }
      count += 1
    }
  }

  /** An error with the line that it is about, and what stands all the same. */
  placed(error: unknown, done: number): unknown {
    const stand = `${done} ${done === 1 ? 'record stands' : 'records stand'}`
    if (error instanceof UsageError) {
      const remedy = error.remedy === undefined ? {} : { remedy: error.remedy }
      return new UsageError(`${error.message}; ${stand}`, { ...remedy, cause: error })
    }
    if (!isOrionError(error)) return error
    const { operation } = error.data
    const line = operation === undefined ? '' : `line ${this.#lineOf(operation)}: `
    return retold(error, `${line}${error.message}; ${stand}, nothing further was sent`)
  }

  #parse(line: string, count: number): { readonly id?: string; readonly data: JsonObject } {
    const value = this.#parseObject(line, count)
    // No field of a type is called `data`, so a line with it is a record.
    if (!Object.hasOwn(value, 'data')) return { data: value }
    const { id, data } = value
    if (data === undefined || !isJsonObject(data))
      throw this.#wrong(count, 'expected an object as data')
    if (id !== undefined && typeof id !== 'string')
      throw this.#wrong(count, 'expected a text as id')
    return { ...(id === undefined ? {} : { id }), data }
  }

  #parseObject(line: string, count: number): JsonObject {
    try {
      return parseJsonObject(line)
    } catch (cause) {
      throw this.#wrong(count, cause instanceof Error ? cause.message : String(cause))
    }
  }

  #wrong(count: number, message: string): UsageError {
    return new UsageError(`line ${this.#lineOf(count)}: ${message}`, {
      remedy: 'give one JSON object a line: the data of a record, or {"id": …, "data": …}',
    })
  }

  #lineOf(operation: number): number {
    return operation + 1 + this.#blank.filter((count) => count <= operation).length
  }
}

interface Input {
  readonly stream: NodeJS.ReadableStream
  /** How much of it was read, from 0 to 1; undefined when nobody knows how much there is. */
  part(): number | undefined
}

async function openInput(cli: Cli, source: string): Promise<Input> {
  if (source === '-') return { stream: cli.stdin, part: () => undefined }
  if (!source.startsWith('@')) {
    throw new UsageError(`expected @FILE or -, got ${JSON.stringify(source)}`, {
      remedy: 'name a file of JSON lines with an @ before it, or - for the standard input',
    })
  }
  const path = resolve(cli.cwd, source.slice(1))
  const { size } = await stat(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`can't read ${path}: ${reason}`, { cause })
  })
  const stream = createReadStream(path)
  return { stream, part: () => (size === 0 ? undefined : stream.bytesRead / size) }
}
