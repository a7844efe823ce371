import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFailure } from '../../daemon/lifecycle/start-failure.ts'

test('a start that a full disk prevents is not called a bug', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
  })
  assert.match(describeFailure(full).remedy, /^free some space/)
  assert.match(describeFailure(new Error('something')).remedy, /a bug of Orion/)
})
