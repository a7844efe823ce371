/** Texts that are nearly a token, and files of tokens that are damaged: nobody gets in by them, and nothing falls over. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../daemon/clock.ts'
import { defaultLimits } from '../../daemon/limits.ts'
import { silentLog } from '../../daemon/log.ts'
import { AccessTokens } from '../../daemon/session/access/access-tokens.ts'
import { rightsOf } from '../../daemon/session/rights.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { temporaryDirectory } from '../support/launch.ts'

const runs = process.env.ORION_LONG === '1' ? 50_000 : 2_000

function openAt(path: string): AccessTokens {
  return new AccessTokens({ path, clock: systemClock, limits: defaultLimits, log: silentLog })
}

/** Tokens of two principals, of which one token is void. */
async function madeTokens(t: TestContext) {
  const path = join(temporaryDirectory(t), 'tokens.json')
  const tokens = openAt(path)
  t.after(() => tokens.close())
  const maker = rightsOf('owner', new Map([['read', 'all']]))
  const make = async (name: string): Promise<string> => {
    const grants = new Map([['read', new Set(['Note'])]] as const)
    return (await tokens.create({ name, grants, expiresAt: undefined, maker })).text
  }
  const live = [await make('agent:one'), await make('agent:two')]
  const revoked = await make('agent:three')
  await tokens.revoke(revoked.split('_')[1] ?? '')
  return { path, tokens, live, revoked }
}

/** A text near to a token: changed, cut, put together from two, dressed up. */
function nearly(texts: readonly string[]): fc.Arbitrary<string> {
  const text = fc.constantFrom(...texts)
  const at = fc.nat({ max: 61 })
  const character = fc.oneof(
    fc.constantFrom('_', '-', 'A', 'a', '0', ' ', '\n', '\u0000', '=', '+', '/', 'ａ', '́', '😀'),
    fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
  )
  const splice = fc
    .tuple(text, at, fc.nat({ max: 3 }), fc.array(character, { maxLength: 3 }))
    .map(([one, from, gone, put]) => one.slice(0, from) + put.join('') + one.slice(from + gone))
  const crossed = fc
    .tuple(text, text, at)
    .map(([one, other, from]) => one.slice(0, from) + other.slice(from))
  const dressed = fc
    .tuple(
      text,
      fc.constantFrom('Bearer ', ' ', '"', '\t', ''),
      fc.constantFrom('\n', ' ', '"', '_', ''),
    )
    .map(([one, before, after]) => before + one + after)
  const cased = text.chain((one) => fc.mixedCase(fc.constant(one)))
  const twice = text.map((one) => one + one)
  return fc.oneof(splice, crossed, dressed, cased, twice, fc.string({ unit: 'binary' }))
}

test(`${runs} texts that are nearly a token open nothing, and tell nothing`, async (t) => {
  const { tokens, live, revoked } = await madeTokens(t)
  const seen = { refused: 0, opened: 0 }
  const property = fc.property(nearly([...live, revoked]), (text) => {
    if (live.includes(text)) {
      assert.match(tokens.rightsOf(text).principal, /^agent:(one|two)$/)
      seen.opened += 1
      return
    }
    const message = text === revoked ? /is revoked$/ : /^the token is not known$/
    assert.throws(() => tokens.rightsOf(text), { kind: 'unauthenticated', message })
    seen.refused += 1
  })
  fc.assert(property, { numRuns: runs })
  assert.ok(seen.refused > runs / 2 && seen.opened > 0, JSON.stringify(seen))
})

test('a damaged file of tokens is refused, or gives nobody more than it says', async (t) => {
  const { path, live, revoked } = await madeTokens(t)
  const whole = readFileSync(path)
  const damage = fc.array(
    fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      byte: fc.nat({ max: 255 }),
      cut: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  )
  const seen = { refused: 0, read: 0 }
  const property = fc.asyncProperty(damage, async (places) => {
    let bytes = Buffer.from(whole)
    for (const { at, byte, cut } of places) {
      if (cut) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
      else bytes[at % bytes.length] = byte
    }
    writeFileSync(path, bytes)
    let tokens: AccessTokens
    try {
      tokens = openAt(path)
    } catch (error) {
      assert.ok(isOrionError(error) && error.kind === 'storage_failed', String(error))
      seen.refused += 1
      return
    }
    seen.read += 1
    try {
      assert.throws(() => tokens.rightsOf(revoked), { kind: 'unauthenticated' })
      for (const text of live) {
        try {
          assert.deepEqual([...tokens.rightsOf(text).grants.keys()], ['read'])
        } catch (error) {
          assert.ok(isOrionError(error) && error.kind === 'unauthenticated', String(error))
        }
      }
    } finally {
      await tokens.close()
    }
  })
  await fc.assert(property, { numRuns: Math.ceil(runs / 10) })
  assert.ok(seen.refused > 0 && seen.read > 0, JSON.stringify(seen))
})
