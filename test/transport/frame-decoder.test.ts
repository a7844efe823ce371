import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FrameDecoder, FrameError } from '../../sdk/transport/frame-decoder.ts'
import { frame } from './raw-peer.ts'

const limits = { headerMaxBytes: 8 * 1024, bodyMaxBytes: 64 * 1024 * 1024 }
const options = { timeout: 120_000 }

/** All bodies that come out when the chunks go in, as text. */
function decode(chunks: Iterable<Buffer>, decoder = new FrameDecoder(limits)): string[] {
  const bodies: string[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let body = decoder.next(); body !== undefined; body = decoder.next()) {
      bodies.push(body.toString())
    }
  }
  return bodies
}

/** Cuts bytes at the given places, in any order and with any repeats. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b)
  const starts = [0, ...at]
  return starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length))
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('any sequence of bodies comes out the same however its bytes are cut', options, () => {
  const header = fc.constantFrom(
    (length: number) => `Content-Length: ${length}\r\n\r\n`,
    (length: number) => `content-length:${length}\r\nContent-Type: a/b; charset=utf-8\r\n\r\n`,
    (length: number) => `X-Other: 1\r\nCONTENT-LENGTH: 00${length} \r\n\r\n`,
  )
  const message = fc.tuple(header, fc.string({ unit: 'binary', maxLength: 300 }))
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat()), (messages, places) => {
      const bytes = Buffer.concat(
        messages.map(([head, body]) => {
          const encoded = Buffer.from(body)
          return Buffer.concat([Buffer.from(head(encoded.length)), encoded])
        }),
      )
      const expected = messages.map(([, body]) => Buffer.from(body).toString())
      assert.deepEqual(decode(cut(bytes, places)), expected)
      assert.deepEqual(decode(pieces(bytes, 1)), expected)
    }),
    { numRuns: process.env.ORION_LONG ? 5_000 : 300 },
  )
})

test('random bytes give bodies or a FrameError, never anything else', options, () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .constantFrom('Content-Length: ', '\r\n', '\r\n\r\n', ': ', '12', '-1', '\n')
      .map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(fc.array(noise), fc.array(fc.nat()), (parts, places) => {
      try {
        decode(cut(Buffer.concat(parts), places))
      } catch (error) {
        assert.ok(error instanceof FrameError, String(error))
      }
    }),
    { numRuns: process.env.ORION_LONG ? 20_000 : 500 },
  )
})

test('how the bytes are cut does not change where broken framing is noticed', options, () => {
  const parts = fc.constantFrom(
    'Content-Length: 2',
    'X: y',
    '\r\n',
    '\r',
    '\n',
    'ab',
    '{}',
    ' ',
    ':',
  )
  const outcome = (chunks: Iterable<Buffer>): readonly [string[], string] => {
    const bodies: string[] = []
    const decoder = new FrameDecoder(limits)
    try {
      for (const chunk of chunks) {
        decoder.push(chunk)
        for (let body = decoder.next(); body !== undefined; body = decoder.next()) {
          bodies.push(body.toString())
        }
      }
      return [bodies, '']
    } catch (error) {
      return [bodies, String(error)]
    }
  }
  fc.assert(
    fc.property(fc.array(parts), fc.array(fc.nat()), (texts, places) => {
      const bytes = Buffer.from(texts.join(''))
      const whole = outcome([bytes])
      assert.deepEqual(outcome(cut(bytes, places)), whole)
      assert.deepEqual(outcome(pieces(bytes, 1)), whole)
    }),
    { numRuns: process.env.ORION_LONG ? 20_000 : 500 },
  )
})

test('10,000 frames in one chunk come out in order', options, () => {
  const bodies = Array.from({ length: 10_000 }, (_, i) => `{"i":${i}}`)
  assert.deepEqual(decode([Buffer.concat(bodies.map(frame))]), bodies)
})

test('characters of several bytes survive being cut in the middle', options, () => {
  const body = '"ü€😀저장소"'
  assert.deepEqual(decode(pieces(frame(body), 1)), [body])
})

test('a raised limit counts for the next header', options, () => {
  const decoder = new FrameDecoder({ headerMaxBytes: 100, bodyMaxBytes: 10 })
  assert.deepEqual(decode([frame('x'.repeat(10))], decoder), ['x'.repeat(10)])
  decoder.bodyMaxBytes = 11
  assert.deepEqual(decode([frame('x'.repeat(11))], decoder), ['x'.repeat(11)])
  assert.throws(() => decode([frame('x'.repeat(12))], decoder), FrameError)
})

test('a body that comes slowly is not reserved before it comes', options, () => {
  const decoder = new FrameDecoder(limits)
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: 100 }, () => new FrameDecoder(limits))
  for (const each of [decoder, ...decoders]) {
    each.push(Buffer.from(`Content-Length: ${limits.bodyMaxBytes}\r\n\r\nx`))
    assert.equal(each.next(), undefined)
  }
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 16 * 1024 * 1024, `${grown} bytes are held for 101 bodies that never came`)
})

/** Processor time, which waiting for others does not add to. */
function processorMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const million = 1_000_000
const paddedHeader = Buffer.from(`X: ${'x'.repeat(8_000)}\r\nContent-Length: 2\r\n\r\n{}`)
const inputs: readonly { readonly name: string; readonly bytes: Buffer; readonly cut: number }[] = [
  { name: 'one body, byte by byte', bytes: frame('x'.repeat(million)), cut: 1 },
  { name: 'one body, in pieces of 100 bytes', bytes: frame('x'.repeat(30 * million)), cut: 100 },
  { name: 'many frames, byte by byte', bytes: repeat(frame('{"a":1}'), million), cut: 1 },
  { name: 'many frames in one chunk', bytes: repeat(frame('{"a":1}'), million), cut: million * 2 },
  { name: 'long headers, byte by byte', bytes: repeat(paddedHeader, million), cut: 1 },
]

for (const { name, bytes, cut: size } of inputs) {
  test(`a million bytes and more cost little more than to be looked at: ${name}`, options, () => {
    const looked = processorMs(() => {
      let sum = 0
      for (const piece of pieces(bytes, size)) for (const byte of piece) sum += byte
      assert.ok(sum > 0)
    })
    const decoded = processorMs(() => assert.ok(decode(pieces(bytes, size)).length > 0))
    // Work that grows with the square of the input takes a thousand times as long, or more.
    assert.ok(decoded < looked * 20 + 300, `${looked} ms to look at, ${decoded} ms to decode`)
  })
}

function repeat(part: Buffer, bytes: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / part.length) }, () => part))
}
