import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Connection } from '../../daemon/store/engine/engine.ts'
import { temporaryDirectory } from '../store/engine/temporary-directory.ts'
import { type EngineSuite, groupedOptions } from './engine-suite.ts'

/** What happens between two steps of a backup. Rows have about a page each. */
type Deed =
  | { readonly kind: 'change' | 'add' | 'remove'; readonly rows: number }
  | { readonly kind: 'checkpoint' | 'vacuum' | 'roll back' | 'nothing' }

const rows = fc.integer({ min: 1, max: 40 })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constantFrom('change' as const, 'add' as const, 'remove' as const), rows }),
  fc.record({
    kind: fc.constantFrom(
      'checkpoint' as const,
      'vacuum' as const,
      'roll back' as const,
      'nothing' as const,
    ),
  }),
)
const runs = process.env.ORION_LONG === '1' ? 200 : 15

/** Whether a copy that is made by and by is ever a mixture. */
export function backupModelTests({ engine, open }: EngineSuite): void {
  test('whatever is written between its steps, a backup is one commit, that of its last step', async (t) => {
    const loaded = await engine()
    const plan = fc.record({
      pagesPerStep: fc.integer({ min: 1, max: 30 }),
      deeds: fc.array(deed, { minLength: 1, maxLength: 8 }),
    })
    await fc.assert(
      fc.asyncProperty(plan, async ({ pagesPerStep, deeds }) => {
        const connection = await open(t, { cacheKib: 64 })
        connection.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE INDEX t_v ON t (v)')
        add(connection, 60)
        const left = [...deeds]
        const running: Promise<void>[] = []
        const target = join(temporaryDirectory(t), 'copy.db')
        let copied = ''
        await connection.backup(target, {
          pagesPerStep,
          onProgress() {
            copied = digestOf(connection)
            running.push(doOne(connection, left.shift()))
          },
        })
        await Promise.all(running)
        const copy = loaded.open(target, { ...groupedOptions, readOnly: true })
        assert.equal(digestOf(copy), copied)
        const check = copy.prepare('PRAGMA integrity_check').get()
        assert.deepEqual(check, { integrity_check: 'ok' })
        copy.close()
        connection.close()
      }),
      // Each try takes a while: no search for a smaller example.
      { numRuns: runs, endOnFailure: true },
    )
  })
}

async function doOne(connection: Connection, next: Deed | undefined): Promise<void> {
  switch (next?.kind) {
    case 'add':
      return add(connection, next.rows)
    case 'change':
      return void connection
        .prepare(
          'UPDATE t SET v = hex(randomblob(1700)) WHERE id IN (SELECT id FROM t ORDER BY v LIMIT ?)',
        )
        .run([next.rows])
    case 'remove':
      return void connection
        .prepare('DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY v LIMIT ?)')
        .run([next.rows])
    case 'roll back':
      connection.exec('BEGIN')
      add(connection, 20)
      return connection.exec('ROLLBACK')
    case 'vacuum':
      return connection.exec('VACUUM')
    case 'checkpoint':
      return await connection.checkpoint()
    default:
      return
  }
}

function add(connection: Connection, count: number): void {
  const insert = connection.prepare('INSERT INTO t (v) VALUES (hex(randomblob(1800)))')
  const isOpen = connection.inTransaction()
  if (!isOpen) connection.exec('BEGIN')
  for (let row = 0; row < count; row += 1) insert.run()
  if (!isOpen) connection.exec('COMMIT')
}

function digestOf(connection: Connection): string {
  const digest = createHash('sha256')
  const all = connection.prepare('SELECT id, v FROM t ORDER BY id')
  all.walk([], ({ id, v }) => Boolean(digest.update(`${id} ${v}\n`)))
  return digest.digest('hex')
}
