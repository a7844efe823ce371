import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { makePlace, type Place } from './orion-process.ts'

const insight = '{"summary":"s","domain":"d"}'

/** Every exit code of the table, each in a few ways; `kind` is what `--json` says on stderr. */
const failures: readonly {
  readonly args: readonly string[]
  readonly code: number
  readonly kind: string
  readonly input?: string
}[] = [
  { args: ['create', 'OrionInsight', '--data', '{}'], code: 1, kind: 'invalid_record' },
  { args: ['nosuch'], code: 2, kind: 'invalid_request' },
  { args: ['list'], code: 2, kind: 'invalid_request' },
  { args: ['list', 'OrionInsight', 'more'], code: 2, kind: 'invalid_request' },
  { args: ['list', 'OrionInsight', '--wher', '{}'], code: 2, kind: 'invalid_request' },
  { args: ['list', 'OrionInsight', '--where', '{'], code: 2, kind: 'invalid_request' },
  { args: ['list', 'OrionInsight', '--where', '[]'], code: 2, kind: 'invalid_request' },
  { args: ['list', 'OrionInsight', '--where', '{"no":1}'], code: 2, kind: 'invalid_request' },
  { args: ['list', 'OrionInsight', '--limit', '0'], code: 2, kind: 'invalid_request' },
  { args: ['list', 'OrionInsight', '--order', 'a:up'], code: 2, kind: 'invalid_request' },
  { args: ['create', 'OrionInsight'], code: 2, kind: 'invalid_request' },
  { args: ['create', 'OrionInsight', '--data', '@none.json'], code: 2, kind: 'invalid_request' },
  { args: ['create', 'OrionInsight', '--data', '-'], code: 2, kind: 'invalid_request', input: 'x' },
  { args: ['update', 'OrionInsight', 'a'], code: 2, kind: 'invalid_request' },
  { args: ['purge', 'OrionInsight', 'a'], code: 2, kind: 'invalid_request' },
  { args: ['transact', '[]'], code: 2, kind: 'invalid_request' },
  { args: ['transact', '[{"op":"fly"}]'], code: 2, kind: 'invalid_request' },
  { args: ['watch'], code: 2, kind: 'invalid_request' },
  { args: ['watch', '*', '--from', 'yesterday'], code: 2, kind: 'invalid_request' },
  { args: ['events', '--after', 'o1.aaaa.bbbb.1'], code: 2, kind: 'token_invalid' },
  { args: ['wait', '*', '--timeout', 'long'], code: 2, kind: 'invalid_request' },
  { args: ['get', 'OrionInsight', ''], code: 2, kind: 'invalid_params' },
  { args: ['run'], code: 2, kind: 'invalid_request' },
  { args: ['get', 'OrionInsight', 'none'], code: 3, kind: 'not_found' },
  { args: ['get', 'OrionInsigt', 'none'], code: 3, kind: 'unknown_type' },
  { args: ['update', 'OrionInsight', 'none', '--set', '{}'], code: 3, kind: 'not_found' },
  { args: ['create', 'OrionInsight', '--id', 'a', '--data', insight], code: 4, kind: 'conflict' },
  {
    args: ['update', 'OrionInsight', 'a', '--set', '{"domain":"x"}', '--expected-version', '9'],
    code: 4,
    kind: 'conflict',
  },
  {
    args: ['create', 'Proposal', '--data', '{"actionType":"a","status":"approved"}'],
    code: 5,
    kind: 'forbidden',
  },
  { args: ['count', 'OrionInsight', '--store', 'a-file'], code: 6, kind: 'disconnected' },
  { args: ['wait', '*', '--timeout', '1ms'], code: 7, kind: 'timeout' },
]

async function prepare(t: TestContext): Promise<Place> {
  const place = makePlace(t)
  writeFileSync(join(place.directory, 'a-file'), 'not a directory')
  await place.json(['create', 'OrionInsight', '--id', 'a', '--data', insight])
  return place
}

test('each failure has its exit code and its kind', async (t) => {
  const place = await prepare(t)
  for (const { args, code, kind, input } of failures) {
    await t.test(`orion ${args.join(' ')} exits with ${code}`, async () => {
      const told = await place.orion([...args, '--json'], input === undefined ? {} : { input })
      assert.equal(told.code, code, told.stderr)
      assert.equal(told.stdout, '')
      const error = JSON.parse(told.stderr)
      assert.deepEqual(Object.keys(error), ['code', 'kind', 'message', 'data'])
      assert.equal(error.kind, kind, error.message)
      assert.equal(error.code, Object.entries(errorCodes).find(([name]) => name === kind)?.[1])
    })
  }
})

const texts: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  { args: ['lst'], says: /^there is no command lst\n {2}did you mean: list\n/ },
  {
    args: ['list', 'X', '--wher', '{}'],
    says: /^there is no flag --wher\n {2}did you mean: --where\n/,
  },
  { args: ['list', 'X', '--limit', 'ten'], says: /^limit "ten": expected a whole number\n/ },
  { args: ['create', 'X'], says: /^--data is required\n/ },
  { args: ['create', 'X', '--data'], says: /^--data needs a value\n/ },
  { args: ['list', 'OrionInsight', '--fields', 'sumary'], says: /did you mean: summary\n/ },
  { args: ['list', 'OrionInsight', '--order', 'sumary'], says: /^orderBy\.0\.field: / },
  { args: ['get', 'OrionInsigt', 'a'], says: /did you mean: OrionInsight\n/ },
  {
    args: ['create', 'OrionInsight', '--data', '{"summary":1,"domain":"d"}'],
    says: /summary: .*expected string/,
  },
  {
    args: ['update', 'OrionInsight', 'a', '--set', '{"domain":"x"}', '--expected-version', '9'],
    says: /^conflict: OrionInsight a is at version 1, you expected version 9\n.*there now:.*--expected-version 1\n$/s,
  },
  {
    args: ['create', 'OrionInsight', '--id', 'a', '--data', insight],
    says: /^conflict: OrionInsight a exists already, at version 1\n.*orion update OrionInsight a/s,
  },
  { args: ['purge', 'OrionInsight', 'a'], says: /what to do: add --yes/ },
]

test('each failure is explained to people, with what to do', async (t) => {
  const place = await prepare(t)
  for (const { args, says } of texts) {
    await t.test(`orion ${args.join(' ')}`, async () => {
      const told = await place.orion(args)
      assert.match(told.stderr, says)
      assert.equal(told.stdout, '')
    })
  }
})
