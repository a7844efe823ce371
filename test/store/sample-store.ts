/** A table of sample records in a file of its own, for tests of the SQL that reads it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Connection } from '../../daemon/store/engine/engine.ts'
import {
  type CompiledList,
  compileCount,
  compileList,
  type ListQuery,
} from '../../daemon/store/query-sql.ts'
import { RecordTypeEntry } from '../../daemon/store/record-type-entry.ts'
import { createSqlCompiler, recordTableName } from '../../daemon/store/sql.ts'
import { createTableStatements } from '../../daemon/store/tables.ts'
import type { Json } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import { Sample } from '../filter/sample-type.ts'
import { loadTestEngine } from '../support/engine.ts'

/** A page as a test sees it. */
export interface Page {
  readonly ids: readonly string[]
  readonly next: string | undefined
}

/** What a query says beside the type and its table. */
export type SampleQuery = Omit<ListQuery, 'definition' | 'table' | 'limit'>

/** A table of `Sample` records. */
export class SampleTable {
  readonly connection: Connection
  readonly #entry = new RecordTypeEntry(createSqlCompiler(), Sample.definition, 1)
  readonly #from = { definition: Sample.definition, table: recordTableName(Sample.name) }

  constructor(connection: Connection) {
    this.connection = connection
    for (const statement of createTableStatements(Sample.definition)) connection.exec(statement)
  }

  /** Makes these records the only ones. */
  fill(records: readonly Record[]): void {
    this.connection.exec(`BEGIN; DELETE FROM "${this.#from.table}"`)
    for (const record of records) this.#entry.insert(this.connection, record, 1)
    this.connection.exec('COMMIT')
  }

  compileList(query: SampleQuery & { readonly limit: number }): CompiledList {
    return compileList({ ...this.#from, ...query })
  }

  page(query: SampleQuery & { readonly limit: number }): Page {
    const compiled = this.compileList(query)
    const rows = this.connection.prepare(compiled.sql).all(compiled.values)
    const last = rows[query.limit - 1]
    return {
      ids: rows.slice(0, query.limit).map((row) => String(row.id)),
      next:
        rows.length > query.limit && last !== undefined
          ? compiled.cursorAt(compiled.keyOf(last))
          : undefined,
    }
  }

  /** The ids of all pages, one after another. */
  list(query: SampleQuery, limit = 1000): string[] {
    const ids: string[] = []
    let page = this.page({ ...query, limit })
    ids.push(...page.ids)
    while (page.next !== undefined) {
      page = this.page({ ...query, limit, after: page.next })
      ids.push(...page.ids)
    }
    return ids
  }

  count(query: SampleQuery): number {
    const compiled = compileCount({ ...this.#from, ...query })
    return Number(this.connection.prepare(compiled.sql).get(compiled.values)?.count)
  }

  groups(query: SampleQuery, groupBy: string): { value: Json; count: number }[] {
    const compiled = compileCount({ ...this.#from, ...query, groupBy })
    const rows = this.connection.prepare(compiled.sql).all(compiled.values)
    return rows.map((row) => ({ value: compiled.groupValue(row), count: Number(row.count) }))
  }

  /** How SQLite would go about a statement. */
  plan(query: SampleQuery): string {
    const { sql, values } = this.compileList({ ...query, limit: 10 })
    const rows = this.connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values)
    return rows.map((row) => String(row.detail)).join('; ')
  }
}

/** An empty table, removed when the test ends. */
export async function openSampleTable(t: TestContext): Promise<SampleTable> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-query-'))
  const engine = await loadTestEngine()
  const connection = engine.open(join(directory, 'sample.db'), {
    syncMode: 'off',
    cacheKib: 4096,
    statementsMax: 256,
  })
  t.after(() => {
    connection.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return new SampleTable(connection)
}
