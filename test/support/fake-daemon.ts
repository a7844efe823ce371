/**
 * A daemon that serves nothing but its own name: takes the lock that it was handed, listens, publishes itself, reports.
 * `FAKE_DAEMON` makes it misbehave. Each start adds its process id to `starts` in the store's directory.
 */
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { openDaemonFiles } from '../../sdk/launch/daemon-files.ts'
import { adoptOwnerLock } from '../../sdk/launch/owner-lock.ts'
import { openStartupReport, takeHandedDescriptors } from '../../sdk/launch/startup-report.ts'
import { locateStore } from '../../sdk/launch/store-location.ts'

const store = process.argv[process.argv.indexOf('--store') + 1]
const location = locateStore({ store, cwd: process.cwd(), env: process.env })
const handed = takeHandedDescriptors(process.env)
const report = openStartupReport(handed?.reportFd)
const mode = process.env.FAKE_DAEMON ?? 'serve'
const gate = new Promise((resolve) => process.once('SIGUSR2', resolve))
appendFileSync(join(location.directory, 'starts'), `${process.pid}\n`)

switch (mode) {
  case 'fail':
    report.failed({ message: 'the store is of a newer format', remedy: 'install Orion 9' })
    process.exit(1)
    break
  case 'die':
    process.stderr.write('out of luck\n')
    process.exit(7)
    break
  case 'babble':
    report.failed(JSON.parse('{"nothing": "of sense"}'))
    break
  case 'hang':
    setInterval(() => {}, 1000)
    break
  default:
    await serve()
}

async function serve(): Promise<void> {
  if (mode === 'gated') await Promise.race([gate, new Promise((r) => setTimeout(r, 120_000))])
  const lock = await adoptOwnerLock(location.lockPath, handed?.lockFds ?? [])
  const files = await openDaemonFiles({ location, env: process.env, lock })
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${JSON.stringify({ pid: process.pid, instanceId: files.instanceId })}\n`)
  })
  await new Promise<void>((resolve) => server.listen(files.socketPath, resolve))
  files.publish({
    storeId: 'fake',
    version: '0.1.0',
    protocol: { min: 1, max: 1 },
    startedAt: new Date().toISOString(),
  })
  if (mode === 'parent') haveChild()
  report.ready()
  process.once('SIGTERM', () => {
    files.withdraw()
    server.close()
    lock.release()
    process.exit(0)
  })
}

function haveChild(): void {
  const child = spawn('sleep', ['300'], { stdio: 'ignore', detached: true })
  appendFileSync(join(location.directory, 'children'), `${child.pid}\n`)
}
