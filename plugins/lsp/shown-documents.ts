import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What a line of a document is about. */
export interface Subject {
  readonly type: string
  readonly id: string
  /** Of the review that the document shows. */
  readonly digest?: string
}

/** A text to be shown, and what its lines are about. */
export interface ShownText {
  readonly name: string
  readonly lines: readonly string[]
  /** By the line, from 0. */
  readonly subjects: ReadonlyMap<number, Subject>
}

/** A document as the client can open it. */
export interface ShownDocument extends ShownText {
  readonly uri: string
}

/**
 * Texts as files that an editor can open: in a directory that only the user can enter, made when it is first needed and removed
 * at the end. The newest ones are kept.
 */
export class ShownDocuments {
  readonly #byUri = new Map<string, ShownDocument>()
  #directory: string | undefined
  #count = 0

  /** Writes a text; the ending tells that it is plain text of ours. A file of its own, as editors keep what they have opened. */
  write(text: ShownText): ShownDocument {
    this.#directory ??= mkdtempSync(join(tmpdir(), 'orion-lsp-'))
    this.#count += 1
    const path = join(this.#directory, `${text.name}-${this.#count}.orion`)
    writeFileSync(path, `${text.lines.join('\n')}\n`, { mode: 0o600 })
    const document = { ...text, uri: pathToFileURL(path).href }
    this.#byUri.set(document.uri, document)
    this.#forgetOldest()
    return document
  }

  /** What a line of a document is about: the line itself, or the nearest above it. */
  subjectAt(uri: string, line: number): Subject | undefined {
    const subjects = this.#byUri.get(uri)?.subjects
    if (subjects === undefined) return undefined
    const above = [...subjects.keys()].filter((one) => one <= line)
    return above.length === 0 ? undefined : subjects.get(Math.max(...above))
  }

  #forgetOldest(): void {
    const [oldest] = this.#byUri.keys()
    if (this.#byUri.size <= documentsMax || oldest === undefined) return
    this.#byUri.delete(oldest)
    rmSync(fileURLToPath(oldest), { force: true })
  }

  /** Removes the files. Safe to repeat. */
  close(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true })
    this.#directory = undefined
  }
}

const documentsMax = 100
