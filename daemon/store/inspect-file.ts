/**
 * Looks at every byte of a store's file that nobody is writing: whether SQLite finds it whole, and whether what is in it
 * holds together. It takes as long as it takes, so it is run in a process of its own, on a copy.
 */
import { statSync } from 'node:fs'
import { isOrionError } from '../../sdk/errors.ts'
import type { Connection, Engine } from './engine/engine.ts'
import type { Finding } from './finding.ts'
import { formatOf } from './format.ts'
import {
  inspectLog,
  inspectRecords,
  inspectRest,
  inspectTypes,
  typesOf,
} from './inspect-content.ts'
import { quarantineCheck } from './inspect-quarantine.ts'
import { inspectReferences } from './inspect-references.ts'
import { defineWordFunctions } from './search/index-tables.ts'
import { inspectSearch } from './search/inspect-search.ts'
import { storageError } from './storage-error.ts'
import { newestPosition, readMeta } from './store-meta.ts'

/** What a file is, and what was found in it. */
export interface FileReport {
  readonly path: string
  readonly sizeBytes: number
  /** Why the file can't be read as a store of ours; nothing else is known then. */
  readonly problem?: { readonly message: string; readonly remedy?: string }
  readonly format?: number
  readonly writtenBy?: string
  readonly storeId?: string
  readonly epoch?: string
  /** Its newest event. */
  readonly seq?: number
  readonly findings: readonly Finding[]
}

/** `whole` asks SQLite alone; `everything` also compares what is in the file with itself. */
export type InspectionDepth = 'whole' | 'everything'

/**
 * Whether a report gives no reason to distrust the file. A full-text index is made from the records, whatever it holds; and
 * a record that does not fit its type is in a file that is whole.
 */
export function isSound({ problem, findings }: FileReport): boolean {
  return (
    problem === undefined &&
    findings.every(({ level, check }) => level !== 'fail' || ownFaults.has(check))
  )
}

const ownFaults: ReadonlySet<string> = new Set(['search', quarantineCheck])

/** Inspects a file without changing anything. Never throws: what is wrong is the answer. */
export function inspectFile(
  engine: Engine,
  path: string,
  options: { readonly depth: InspectionDepth; readonly nowMicros: number },
): FileReport {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  let connection: Connection | undefined
  try {
    connection = engine.open(path, {
      syncMode: 'off',
      cacheKib: 32 * 1024,
      statementsMax: 64,
      readOnly: true,
    })
    defineWordFunctions(connection)
    const format = formatOf(connection)
    const facts = format === 0 ? {} : factsOf(connection)
    const findings = integrityOf(connection)
    if (options.depth === 'everything' && format > 0 && findings[0]?.level !== 'fail') {
      findings.push(
        ...inspectLog(connection, options.nowMicros),
        ...inspectTypes(connection),
        ...inspectRecords(connection),
        ...(format > 1 ? inspectReferences(connection, typesOf(connection, [])) : []),
        ...inspectRest(connection, options.nowMicros),
        ...(format >= searchFormat ? inspectSearch(connection, engine.fullText, findings) : []),
      )
    }
    return { path, sizeBytes, format, ...facts, findings }
  } catch (error) {
    return { path, sizeBytes, problem: problemOf(error, path), findings: [] }
  } finally {
    connection?.close()
  }
}

function factsOf(connection: Connection): Partial<FileReport> {
  const [storeId, epoch] = [readMeta(connection, 'storeId'), readMeta(connection, 'epoch')]
  const writtenBy = readMeta(connection, 'writtenBy')
  return {
    seq: newestPosition(connection),
    ...(storeId === undefined ? {} : { storeId }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(writtenBy === undefined ? {} : { writtenBy }),
  }
}

const problemsMax = 20

/** Before it there were no full-text indexes. */
const searchFormat = 3

function integrityOf(connection: Connection): Finding[] {
  // A value that its column does not allow is told of its record; one that is no JSON would end the whole check.
  connection.exec('PRAGMA ignore_check_constraints = ON')
  const rows = connection.prepare(`PRAGMA integrity_check(${problemsMax})`).all()
  const all = rows
    .map((row) => String(row.integrity_check))
    .filter((text) => text !== 'ok' && !wrongValue.test(text))
  const told = all.filter((text) => !wrongWords.test(text))
  const words = all.flatMap((text) => wrongWords.exec(text)?.[1] ?? [])
  const check = 'integrity'
  const mended = words.map(
    (name): Finding => ({
      check: 'search',
      level: 'fail',
      message: `the search index ${name} is not as its records`,
      remedy: '`orion doctor --repair` builds it anew from the records.',
      reindex: [name],
    }),
  )
  if (told.length === 0) {
    const message = 'SQLite finds every page and every index whole'
    return [{ check, level: 'ok', message }, ...mended]
  }
  const indexes = new Set(told.flatMap((text) => /\bindex (\S+)$/.exec(text)?.[1] ?? []))
  const onlyIndexes = told.every((text) => /\bindex \S+$/.test(text))
  const fault: Finding = {
    check,
    level: 'fail',
    message: `SQLite found ${told.length === problemsMax ? 'many' : told.length} faults: ${told.slice(0, 3).join('; ')}`,
    remedy: onlyIndexes
      ? '`orion doctor --repair` builds the indexes anew; no record is touched.'
      : '`orion doctor --repair` goes back to the newest good backup and keeps this file aside.',
    ...(onlyIndexes ? { reindex: [...indexes] } : {}),
  }
  return [fault, ...mended]
}

/** What SQLite says of a value that a column of a record table can't hold. */
const wrongValue = /^\S+ value in r_\w+\.\w+$/

/** What SQLite says of a full-text index that differs from its records; the rest of the file may be whole. */
const wrongWords = /inverted index for FTS[45] table main\.(s_\w+)/

function problemOf(error: unknown, path: string): { message: string; remedy?: string } {
  const known = storageError(error, path)
  const message = known instanceof Error ? known.message : String(known)
  const remedy = isOrionError(known) ? known.data.remedy : undefined
  return { message, ...(remedy === undefined ? {} : { remedy }) }
}
