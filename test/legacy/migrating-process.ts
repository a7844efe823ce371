/** Migrates in a process of its own, store and all, so that a test can kill both at once. Tells each page on stdout. */
import { writeSync } from 'node:fs'
import { inProcess } from '../../daemon/in-process.ts'
import { migrateLegacy } from '../../plugins/legacy/migrate-legacy.ts'
import { connect } from '../../sdk/client/connect.ts'

const [from = '', store = '', batchSize = '20'] = process.argv.slice(2)
const answer = await migrateLegacy({
  from,
  storePath: `${store}/store.sqlite`,
  mode: 'migrate',
  batchSize: Number(batchSize),
  connect: () =>
    connect({ client: { name: 'migrating' }, store, daemon: 'in-process', inProcess: inProcess() }),
  onProgress: (step, rows) => void writeSync(1, `${step} ${rows}\n`),
})
writeSync(1, `${JSON.stringify(answer.report)}\n`)
process.exit(answer.succeeded ? 0 : 8)
