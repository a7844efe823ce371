/** Takes the lock at `LOCK_PATH` when told to, prints `won` or `lost`, and keeps what it won until it is killed. */
import { createInterface } from 'node:readline'
import { acquireOwnerLock } from '../../sdk/launch/owner-lock.ts'

const path = process.env.LOCK_PATH ?? ''
process.stdout.write('ready\n')
for await (const _go of createInterface({ input: process.stdin })) {
  const lock = await acquireOwnerLock(path)
  process.stdout.write(lock === undefined ? 'lost\n' : 'won\n')
}
