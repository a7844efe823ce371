import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMasker } from '../../plugins/cli/run/mask.ts'

const key = ['ghp', 'A1b2C3d4E5f6G7h8I9j0K1l2'].join('_')

const texts: readonly { readonly what: string; readonly text: string; readonly hidden: string }[] =
  [
    { what: 'a GitHub token', text: `remote: ${key} is expired`, hidden: key },
    {
      what: 'a key that begins with sk-',
      text: 'key sk-proj-abcdefghijklmnop1234',
      hidden: 'abcd',
    },
    { what: 'an AWS key id', text: 'using AKIAIOSFODNN7EXAMPLE', hidden: 'IOSFODNN7' },
    { what: 'a bearer header', text: 'Authorization: Bearer abc.def.ghijkl', hidden: 'ghijkl' },
    { what: 'a basic header', text: 'authorization: basic dXNlcjpwYXNz', hidden: 'dXNlcjpwYXNz' },
    { what: 'a password in a URL', text: 'git clone https://me:s3cr3t@host/x', hidden: 's3cr3t' },
    { what: 'a token in a URL', text: 'https://abcdefghijklmnopqrst@host/x', hidden: 'klmnop' },
    { what: 'an assignment', text: 'MY_PASSWORD=hunter2 failed', hidden: 'hunter2' },
    { what: 'a JSON member', text: '{"api_key": "abcdef123456"}', hidden: 'abcdef123456' },
    { what: 'a short JSON password', text: '{"password": "x1"}', hidden: 'x1' },
    {
      what: 'a private key',
      text: '-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----',
      hidden: 'MIIEabc',
    },
    {
      what: 'a private key without an end',
      text: '-----BEGIN PRIVATE KEY-----\nMIIEabc\nMIIEdef',
      hidden: 'MIIEdef',
    },
    { what: 'a JSON web token', text: 'eyJhbGciOi.eyJzdWIiOi.SflKxwRJ', hidden: 'SflKxwRJ' },
  ]

for (const { what, text, hidden } of texts) {
  test(`${what} is masked in a text`, () => {
    const masked = createMasker({}).text(text)
    assert.ok(!masked.includes(hidden), masked)
    assert.ok(masked.includes('***'), masked)
  })
}

for (const text of [
  'SyntaxError: Unexpected token: }',
  'expected 3 keys, got 2',
  'at https://host:8080/path (line 3)',
  'time=12 status=ok',
]) {
  test(`an ordinary text stays as it is: ${text}`, () => {
    assert.equal(createMasker({}).text(text), text)
  })
}

test('the value of a variable with a secret name is masked wherever it stands, in its usual encodings too', () => {
  const value = 'p@ss "word"/1'
  const masker = createMasker({ DEPLOY_SECRET: value })
  for (const form of [
    value,
    JSON.stringify(value),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64'),
  ]) {
    const masked = masker.text(`before ${form} after`)
    assert.match(masked, /^before "?\*\*\*"? after$/, form)
  }
})

test('each line of a secret of several lines is masked', () => {
  const masker = createMasker({ SIGNING_KEY: 'first-line-1\nsecond-line-2' })
  assert.equal(masker.text('got second-line-2'), 'got ***')
})

test('values that say nothing are not masked, whatever their variable is called', () => {
  const masker = createMasker({ USE_TOKEN: 'true', KEY_COUNT: '12', SECRET: 'abc' })
  assert.equal(masker.text('true 12 abc'), 'true 12 abc')
})

const lists: readonly { readonly args: readonly string[]; readonly masked: readonly string[] }[] = [
  { args: ['--password=x', 'a'], masked: ['--password=***', 'a'] },
  { args: ['--token', 'x', 'y'], masked: ['--token', '***', 'y'] },
  { args: ['--token', '--verbose'], masked: ['--token', '--verbose'] },
  { args: ['--api-key', 'x'], masked: ['--api-key', '***'] },
  { args: ['API_TOKEN=x', 'make'], masked: ['API_TOKEN=***', 'make'] },
  { args: ['-u', 'me:pw', 'host'], masked: ['-u', 'me:***', 'host'] },
  { args: ['-u', '1000:1000'], masked: ['-u', '1000:1000'] },
  { args: ['-H', 'Authorization: Bearer abcdef'], masked: ['-H', 'Authorization: Bearer ***'] },
  { args: ['run', 'test', '--grep', 'a b'], masked: ['run', 'test', '--grep', 'a b'] },
]

for (const { args, masked } of lists) {
  test(`the arguments ${args.join(' ')} are recorded as ${masked.join(' ')}`, () => {
    assert.deepEqual(createMasker({}).list(args), masked)
  })
}

test('ORION_MASK adds names and patterns, and takes names out', () => {
  const masker = createMasker({
    ORION_MASK: 'LOGIN_*, !*KEYBOARD*\n/acme-[0-9]{3,}/',
    LOGIN_NAME: 'somebody',
    KEYBOARD_LAYOUT: 'dvorak-us',
  })
  assert.deepEqual(masker.problems, [])
  assert.equal(masker.text('somebody dvorak-us acme-1234'), '*** dvorak-us ***')
  assert.deepEqual(masker.list(['--login-x', 'v', '--keyboard', 'w']), [
    '--login-x',
    'v',
    '--keyboard',
    'w',
  ])
  assert.deepEqual(masker.list(['--login_x=v']), ['--login_x=***'])
})

test('an item of ORION_MASK that is no pattern is reported and does no harm', () => {
  const masker = createMasker({ ORION_MASK: '/(/ /x*/ NAME' })
  assert.deepEqual(masker.problems, ['/(/', '/x*/'])
  assert.equal(masker.text('plain'), 'plain')
})

test('masking a long text of one kind takes no more than a moment', () => {
  const masker = createMasker({})
  for (const unit of ['a', '-', 'eyJ', 'token', 'https://', '"', 'sk-']) {
    const startedAt = performance.now()
    masker.text(unit.repeat(16_384 / unit.length))
    assert.ok(performance.now() - startedAt < 20_000, unit)
  }
})
