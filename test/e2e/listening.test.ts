/** What a daemon listens on, as the system sees it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { connect } from '../../sdk/client/connect.ts'
import { startDaemonProcess } from '../support/daemon.ts'

const onLinux = { skip: process.platform !== 'linux' }

test('nothing listens on TCP or UDP unless it was asked for', onLinux, async (t) => {
  const { pid, connect: dial } = await startDaemonProcess(t)
  await (await dial()).call('record/list', { type: 'OrionInsight' })
  assert.deepEqual(networkSocketsOf(pid), [])
})

test('a daemon that was asked to listens on one address of this machine', onLinux, async (t) => {
  const args = ['--websocket', '127.0.0.1:0']
  const daemon = await startDaemonProcess(t, { args })
  const owner = await daemon.connect()
  const { websocket: url } = await owner.call('daemon/status')
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  assert.deepEqual(networkSocketsOf(daemon.pid), [`tcp 0100007F:${port}`])
  const { token } = await owner.call('token/create', { name: 'web', scopes: ['read'] })
  const client = await connect({ client: { name: 'web' }, url, token })
  t.after(() => client.close())
  assert.equal(client.server.principal, 'web')
})

/** The local ends of its network sockets, as hexadecimal text of the kernel. */
function networkSocketsOf(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? []
      return inode === undefined ? [] : [inode]
    }),
  )
  // Otherwise the look-up itself would be broken: the daemon has its own socket open at least.
  assert.ok(inodes.size > 0)
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((family) =>
    readFileSync(`/proc/${pid}/net/${family}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => inodes.has(columns[9] ?? ''))
      .map((columns) => `${family} ${columns[1]}`),
  )
}

/** A descriptor may be closed between the two looks. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
