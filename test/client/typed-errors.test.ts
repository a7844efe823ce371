import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as typed from '../../sdk/client/typed-errors.ts'
import { parseWireError, UnrecognizedError } from '../../sdk/client/wire-error.ts'
import { type ErrorKind, isOrionError, isRetryable, OrionError } from '../../sdk/errors.ts'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'

const kinds = Object.keys(errorCodes) as ErrorKind[]
const withoutClass: readonly ErrorKind[] = [
  'parse_error',
  'method_not_found',
  'not_initialized',
  'internal',
  'storage_full',
  'storage_failed',
]

for (const kind of kinds) {
  test(`an answer of kind ${kind} becomes an error of that kind`, () => {
    const data = { kind, retryable: isRetryable(kind), remedy: 'do this', more: 1 }
    const error = parseWireError({ code: errorCodes[kind], message: 'no', data })
    assert.ok(error instanceof OrionError)
    assert.equal(error.kind, kind)
    assert.equal(error.message, 'no')
    assert.equal(error.retryable, isRetryable(kind))
    assert.equal(error.data.remedy, 'do this')
    assert.equal((error.data as { more?: unknown }).more, 1)
    assert.equal(error.constructor === OrionError, withoutClass.includes(kind))
    const name = kind.replace(/(^|_)(.)/g, (_, __, letter: string) => letter.toUpperCase())
    assert.equal(error.name, withoutClass.includes(kind) ? 'OrionError' : `${name}Error`)
  })
}

test('members that a kind promises are there even if the daemon left them out', () => {
  const conflict = parseWireError({ code: 40900, message: '', data: { kind: 'conflict' } })
  assert.ok(conflict instanceof typed.ConflictError)
  assert.equal(conflict.data.current, null)
  assert.equal(conflict.current, undefined)
  const busy = parseWireError({ code: 42900, message: '' })
  assert.ok(isOrionError(busy, 'overloaded'))
  assert.ok(busy.data.retryAfterMs > 0)
})

test('a conflict shows the record only if the daemon did', () => {
  const hidden = parseWireError({
    code: 40900,
    message: '',
    data: { kind: 'conflict', reason: 'version', current: { version: 3 } },
  })
  assert.ok(hidden instanceof typed.ConflictError)
  assert.equal(hidden.current, undefined)
  assert.equal(hidden.data.current?.version, 3)
})

const byCode: readonly [code: number, kind: ErrorKind][] = [
  [-32601, 'method_not_found'],
  [-32600, 'invalid_request'],
  [-32602, 'invalid_params'],
  [-32800, 'cancelled'],
  [40000, 'invalid_request'],
  [40400, 'not_found'],
  [50700, 'storage_failed'],
]
for (const [code, kind] of byCode) {
  test(`code ${code} without a kind means ${kind}`, () => {
    assert.equal(parseWireError({ code, message: '' }).kind, kind)
  })
}

test('a code and a kind that nobody knows are kept', () => {
  const wire = { code: 41200, message: 'stale fence', data: { kind: 'fence_stale', fence: 1 } }
  const error = parseWireError(wire)
  assert.ok(error instanceof UnrecognizedError)
  assert.equal(error.code, 41200)
  assert.deepEqual(error.raw, wire.data)
  assert.equal(error.retryable, false)
})
