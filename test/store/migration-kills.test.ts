/** `kill -9` in the middle of migrations: what is left is the old type or the new one, with every answered write. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspectFile } from '../../daemon/store/inspect-file.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'
import { Task } from './migrated-type.ts'

const owner = caller()
const kills = process.env.ORION_LONG === '1' ? 100 : 4
const records = 400
/** From before the first slice to the removal of what was replaced. */
const moments = ['copying', 'migrated', 'switching', 'wrote', 'migrated']
const victim = fileURLToPath(new URL('migration-victim.ts', import.meta.url))

/** What the victim had said when it was killed. */
interface Death {
  readonly wrote: number
  readonly wasMigrated: boolean
}

test(`${kills} kills during migrations leave the old type or the new one, whole`, async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await openTestStore(t, { types: [Task.definition], path })
  await fill(store)
  await store.close()
  let points = 0
  let applied = 0
  const seen = { old: 0, new: 0 }
  for (let kill = 0; kill < kills; kill++) {
    const to = applied === 0 ? 1 : 0
    const moment = moments[kill % moments.length] ?? 'copying'
    const death = await dieAfter(path, to, { moment, ms: Math.floor(kill / 2) * 7 })
    const opened = await openTestStore(t, { types: [], path })
    applied = opened.getType('Task').migrations?.length ?? 0
    seen[applied === to ? 'new' : 'old']++
    if (death.wasMigrated) assert.equal(applied, to, 'what was answered is so')
    const found = await all(opened)
    const counted = Number(found.get('t0')?.points)
    assert.ok(
      counted >= points + death.wrote && counted <= points + death.wrote + 1,
      'answered writes',
    )
    points = counted
    assert.equal(found.size, records)
    for (const [id, data] of found) {
      assert.deepEqual(data, expected(Number(id.slice(1)), applied, id === 't0' ? points : 0))
    }
    await opened.close()
    const engine = await loadTestEngine()
    const options = { depth: 'everything', nowMicros: Date.now() * 1000 } as const
    const { findings } = inspectFile(engine, path, options)
    assert.deepEqual(
      findings.filter(({ level }) => level !== 'ok'),
      [],
    )
  }
  t.diagnostic(JSON.stringify(seen))
  assert.ok(seen.old > 0 && seen.new > 0, 'every kill left the same')
})

async function fill(store: StoreApi): Promise<void> {
  for (let from = 0; from < records; from += 400) {
    const operations = Array.from({ length: 400 }, (_, at) => {
      const data = { summary: `s${from + at}`, size: from + at }
      return { op: 'create' as const, type: 'Task', id: `t${from + at}`, data }
    })
    await store.transact({ operations }, owner)
  }
}

function expected(index: number, applied: number, points: number): JsonObject {
  const name = `s${index}`
  return applied === 0
    ? { summary: name, points, size: index }
    : { title: name, points, size: String(index) }
}

async function all(store: StoreApi): Promise<Map<string, JsonObject>> {
  const found = new Map<string, JsonObject>()
  let after: string | undefined
  do {
    const page = await store.list(
      { type: 'Task', limit: 1000, ...(after === undefined ? {} : { after }) },
      owner,
    )
    for (const { id, data } of page.records) found.set(id, data)
    after = page.next
  } while (after !== undefined)
  return found
}

/** Lets a process migrate, and kills it so long after it has said something. */
async function dieAfter(
  path: string,
  to: number,
  { moment, ms }: { readonly moment: string; readonly ms: number },
): Promise<Death> {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), victim, path, `${to}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  let timer: NodeJS.Timeout | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    if (text.includes(moment)) timer ??= setTimeout(() => child.kill('SIGKILL'), ms)
  })
  await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  const lines = text.split('\n')
  return {
    wrote: lines.filter((line) => line === 'wrote').length,
    wasMigrated: lines.includes('migrated'),
  }
}
