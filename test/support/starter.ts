/** Some callers (`CALLERS`) that find or start a fake daemon when told to; prints what each one got. */
import { once } from 'node:events'
import { findOrStartDaemon } from '../../sdk/launch/start-daemon.ts'
import { locateStore } from '../../sdk/launch/store-location.ts'
import { askName, scriptCommand } from './launch.ts'

process.stdout.write('ready\n')
await once(process.stdin, 'data')
const callers = Array.from({ length: Number(process.env.CALLERS) }, () =>
  findOrStartDaemon({
    location: locateStore({ store: process.env.STORE, cwd: process.cwd(), env: {} }),
    env: process.env,
    daemonCommand: scriptCommand('fake-daemon.ts'),
    probe: askName,
    deadlineMs: 120_000,
  }),
)
for (const { connection, started } of await Promise.all(callers)) {
  process.stdout.write(`${JSON.stringify({ pid: connection.pid, started })}\n`)
}
process.stdin.destroy()
