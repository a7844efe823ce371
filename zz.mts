import { loadEngine } from './daemon/store/engine/load-engine.ts'
import { openStore } from './daemon/store/open-store.ts'
import { defaultLimits } from './daemon/limits.ts'
import { silentLog } from './daemon/log.ts'
import { systemClock } from './daemon/clock.ts'
import { orionRecordTypes } from './plugins/orion/record-types.ts'
import { defineWordFunctions } from './daemon/store/search/index-tables.ts'
import { mkdtempSync } from 'node:fs'
const me = { principal: 'o', client: 't/1', mayRead: () => true }
for (const name of ['sql.js', 'sqlite-wasm'] as const) {
  const dir = mkdtempSync('/tmp/orion/q'); const path = dir + '/s.db'
  const engine = await loadEngine(name)
  const store = await openStore({ path, engine, clock: systemClock, limits: defaultLimits, log: silentLog, bundledTypes: orionRecordTypes.map(t => t.definition), beginEpoch: false })
  for (let i = 0; i < 200; i++) await store.create({ type: 'OrionInsight', id: 'i' + i, data: { summary: `cold cache ${i} 저장소를 잠근다`, domain: 'build', tags: ['ci', 'x y'] } }, me)
  await store.update({ type: 'OrionInsight', id: 'i5', expectedVersion: 1, set: { summary: 'warm now' } }, me)
  await store.purge({ type: 'OrionInsight', id: 'i6', expectedVersion: 1 }, me)
  console.log(name, (await store.search({ query: '저장소', limit: 2, highlight: true }, me)).hits.map(h => [h.record.id, h.score, JSON.stringify(h.snippet)]), (await store.search({ query: 'warm' }, me)).hits.length)
  await store.close()
  for (const other of ['sql.js', 'sqlite-wasm'] as const) {
    const c = (await loadEngine(other)).open(path, { syncMode: 'off', cacheKib: 4096, statementsMax: 9, readOnly: true })
    for (const fn of [false, true]) { if (fn) defineWordFunctions(c); try { console.log(name, 'read by', other, fn, JSON.stringify(c.prepare('pragma integrity_check').all())) } catch (e) { console.log(name, other, String(e)) } }
    c.close()
  }
  const c = engine.open(path, { syncMode: 'off', cacheKib: 4096, statementsMax: 9 }); defineWordFunctions(c)
  c.exec(`update r_OrionInsight set summary = 'something else' where id = 'i9'`)
  console.log(name, 'altered', JSON.stringify(c.prepare('pragma integrity_check').all()))
  c.close()
}
