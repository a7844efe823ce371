import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  errorTail,
  errorTailMaxLength,
  errorWindowBytes,
} from '../../plugins/cli/run/error-tail.ts'
import { createMasker } from '../../plugins/cli/run/mask.ts'
import { TailBuffer } from '../../plugins/cli/run/tail-buffer.ts'

test('the last bytes are kept, however they come', () => {
  const all = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251))
  for (const size of [1, 3, 7, 16, 64, 100, 1000]) {
    const kept = new TailBuffer(64)
    for (let at = 0; at < all.length; at += size) {
      kept.push(all.subarray(at, at + size))
      const until = Math.min(all.length, at + size)
      assert.deepEqual(kept.bytes(), all.subarray(Math.max(0, until - 64), until))
    }
    assert.equal(kept.totalBytes, all.length)
  }
})

function tailOf(text: string): string {
  const kept = new TailBuffer(errorWindowBytes)
  kept.push(Buffer.from(text))
  return errorTail(kept, createMasker({}))
}

test('the error tail is the end of the text, from the beginning of a line', () => {
  const lines = Array.from({ length: 2000 }, (_, index) => `line ${index}`)
  const tail = tailOf(lines.join('\n'))
  assert.ok(tail.length <= errorTailMaxLength + 1)
  assert.match(tail, /^…line \d+\n/)
  assert.ok(tail.endsWith('line 1999'))
})

test('the error tail has no colours and no control characters', () => {
  assert.equal(tailOf('\u001b[31mred\u001b[0m\r\nnext\u0000\u0007\t!\n'), 'red\nnext\t!')
})

test('a secret that is cut by the window does not show its end', () => {
  const secret = `ghp_${'a'.repeat(errorWindowBytes)}`
  assert.equal(tailOf(`${secret} and then`), 'and then')
})

test('bytes that are no text do no harm', () => {
  const kept = new TailBuffer(errorWindowBytes)
  kept.push(Buffer.from([0xff, 0xfe, 0x41, 0xc3]))
  assert.equal(errorTail(kept, createMasker({})), '\ufffd\ufffdA\ufffd')
})
