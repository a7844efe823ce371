/** Opens a store, migrates a type of it while it writes, and says what was answered; somebody kills it on the way. */
import { systemClock } from '../../daemon/clock.ts'
import { defaultLimits } from '../../daemon/limits.ts'
import { silentLog } from '../../daemon/log.ts'
import { openStore } from '../../daemon/store/open-store.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller } from '../support/store.ts'
import { migrations } from './migrated-type.ts'

const [path = '', to = '0'] = process.argv.slice(2)
const owner = caller()
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const store = await openStore({
  path,
  engine: await loadTestEngine(),
  clock: systemClock,
  limits: { ...defaultLimits, turnMaxMs: 2 },
  log: silentLog,
  bundledTypes: [],
})
let isDone = false
const counting = (async () => {
  while (!isDone) {
    const apply = [{ field: 'points', op: 'increment' as const, value: 1 }]
    await store.update({ type: 'Task', id: 't0', apply }, owner)
    say('wrote')
  }
})()
const params = { type: 'Task', migrations: [...migrations], to: Number(to), backup: false }
await store.migrateType(params, owner, ({ stage }) => say(stage))
say('migrated')
// What is replaced is removed meanwhile, which may be cut off too.
await new Promise((resolve) => setTimeout(resolve, 300))
isDone = true
await counting
await store.close()
