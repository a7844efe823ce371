/** The life of a plugin by the command line, from its grant to its end. */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readSettings } from '../../plugins/cli/plugin-settings.ts'
import { grantText } from '../../plugins/cli/present/plugins.ts'
import { isJsonObject, type JsonObject } from '../../sdk/json.ts'
import { makePlace, type Place, program } from './orion-process.ts'
import { noTerminal, openTerminal } from './terminal.ts'

const timeout = 300_000
const sample = fileURLToPath(new URL('../plugins/v1/by-hand.mjs', import.meta.url))
const path = './plugin.mjs'

function placeWithPlugin(t: Parameters<typeof makePlace>[0]): Place & { edit(): void } {
  const place = makePlace(t)
  const file = join(place.directory, 'plugin.mjs')
  copyFileSync(sample, file)
  const edit = () => {
    const text = readFileSync(file, 'utf8').replace('a bad', 'a very bad')
    writeFileSync(file, `console.error('hello \\x1b[2J')\n${text}`)
  }
  return { ...place, edit }
}

/** The digest that a refusal names; undefined where none is named. */
function digestIn(text: string): string {
  const [, digest] = /--digest ([0-9a-f.]+)/.exec(text) ?? []
  assert.ok(digest, text)
  return digest
}

/** Adds the plugin as somebody without a terminal does, who looks at each step. */
async function grant({
  orion,
}: Place): Promise<{ readonly digest: string; readonly told: string }> {
  const nobody = await orion(['plugin', 'add', path])
  assert.equal(nobody.code, 2, nobody.stderr)
  const told = await orion(['plugin', 'add', path, '--digest', digestIn(nobody.stderr)])
  assert.equal(told.code, 5, told.stderr)
  return { digest: digestIn(told.stdout), told: told.stdout }
}

async function onlyPlugin({ json }: Place): Promise<JsonObject> {
  const value = await json(['plugin', 'list'])
  assert.ok(isJsonObject(value) && Array.isArray(value.plugins))
  const [plugin] = value.plugins
  assert.ok(plugin !== undefined && isJsonObject(plugin))
  return plugin
}

test('a plugin is granted, stopped, held when its code has changed, granted anew and removed', {
  timeout,
}, async (t) => {
  const place = placeWithPlugin(t)
  const { orion, json } = place
  const say = async (word: string) =>
    await orion(['action', 'run', 'v1.say', '--params', JSON.stringify({ word })])

  const { digest, told } = await grant(place)
  assert.match(told, /by-hand\nIt asks to:\n.*- read OrionInsight\n/s)
  assert.match(told, /stop all such writes while it does not run: V1Word/)
  assert.deepEqual(await json(['plugin', 'list']), { plugins: [] })
  const added = await orion(['plugin', 'add', path, '--digest', digest, '--set', 'depth=3'])
  assert.equal(added.code, 0, added.stderr)
  assert.equal(added.stdout, 'by-hand is running\n')
  const { state, settings } = await onlyPlugin(place)
  assert.deepEqual({ state, settings }, { state: 'running', settings: { depth: 3 } })
  assert.equal((await say('good')).code, 0)
  assert.match((await say('bad')).stderr, /a bad word/)
  const absent = await orion(['plugin', 'logs', 'by-foot'])
  assert.equal(absent.code, 3)
  assert.match(absent.stderr, /there are: by-hand/)

  const reason = ['--reason', 'it is noisy']
  const disabled = await orion(['plugin', 'disable', 'by-hand', ...reason])
  assert.equal(disabled.stdout, 'by-hand is disabled: it is noisy\n')
  const stopped = await say('good')
  assert.notEqual(stopped.code, 0)
  assert.match(stopped.stderr, /by-hand.*it is noisy/s)

  place.edit()
  const held = await orion(['plugin', 'enable', 'by-hand'])
  assert.equal(held.code, 1)
  assert.match(held.stdout, /by-hand is \w+: its code has changed/)
  assert.match(String((await onlyPlugin(place)).reason), /its code has changed/)
  assert.match((await orion(['status'])).stdout, /by-hand.*its code has changed/)
  const stale = await orion(['plugin', 'add', path, '--digest', digest])
  assert.equal(stale.code, 4)
  assert.match(stale.stderr, /not what --digest was given for/)

  const looked = await grant(place)
  assert.match(
    looked.told,
    /was granted before\. It asks for nothing new:\n {2}- read OrionInsight\n/,
  )
  assert.doesNotMatch(looked.told, /already/, 'the types of before are its own')
  const again = await orion(['plugin', 'add', path, '--digest', looked.digest])
  assert.equal(again.code, 0, again.stderr)
  assert.match((await say('bad')).stderr, /a very bad word/)
  assert.deepEqual((await onlyPlugin(place)).settings, { depth: 3 }, 'what was set stays')

  assert.match((await orion(['plugin', 'logs', 'by-hand'])).stdout, /hello \\u001b\[2J\n$/)

  await refusesAgents(place)

  assert.equal(await json(['plugin', 'remove', 'by-hand']), null)
  assert.deepEqual(await json(['plugin', 'list']), { plugins: [] })
  const gone = await say('good')
  assert.equal(gone.code, 2)
  assert.match(gone.stderr, /v1\.say/)
})

/** Who has a token decides nothing about plugins, whatever its scopes are. */
async function refusesAgents({ orion }: Place): Promise<void> {
  const make = ['token', 'create', '--name', 'agent:a', '--scope', 'admin,read,write,define']
  const token = (await orion(make)).stdout.trim()
  const asAgent = { env: { ORION_TOKEN: token } }
  const refused = await orion(['plugin', 'add', path], asAgent)
  const removed = await orion(['plugin', 'remove', 'by-hand'], asAgent)
  for (const { code, stderr } of [refused, removed]) {
    assert.equal(code, 5)
    assert.match(stderr, /the owner of the store, without a token/)
  }
}

test('on a terminal a person is asked before anything runs, then about what was learned, and for the passphrase', {
  skip: noTerminal ?? false,
  timeout,
}, async (t) => {
  const place = placeWithPlugin(t)
  const keyFile = join(place.directory, 'key')
  writeFileSync(keyFile, 'a long enough secret\n', { mode: 0o600 })
  await place.json(['approver', 'init', '--key-file', keyFile])
  const line = `'${process.execPath}' '${program}' plugin add ${path}; echo "exit=$?"`

  const refused = openTerminal(t, place, line)
  assert.match(await refused.shows(/\[y\/N\] $/), /it can do on this machine what you can/)
  refused.type('\r')
  assert.match(await refused.shows(/exit=1/), /Not added/)

  const granted = openTerminal(t, place, line)
  await granted.shows(/Run it\? \[y\/N\] $/)
  granted.type('y\r')
  await granted.shows(/Passphrase.*: $/)
  granted.type('a long enough secret\r')
  const seen = await granted.shows(/Grant exactly this, and start it\? \[y\/N\] $/)
  assert.match(seen, /offer actions.*: v1\.say/)
  assert.doesNotMatch(seen, /long enough/)
  granted.type('y\r')
  assert.match(await granted.shows(/exit=0/), /by-hand is running/)
})

test('a setting is a text where one is declared, JSON elsewhere, and a text if it is none', () => {
  const schema = { properties: { word: { type: 'string' }, count: { type: 'integer' } } }
  const read = (...texts: string[]) => readSettings(texts, schema)
  assert.deepEqual(read('word=7', 'count=7', 'other=[1]', 'more=a=b', '{"x":null}'), {
    word: '7',
    count: 7,
    other: [1],
    more: 'a=b',
    x: null,
  })
  assert.deepEqual(readSettings(['word=7'], undefined), { word: 7 })
  for (const wrong of ['word', '=7', '{"word"']) assert.throws(() => read(wrong), /--set: /)
})

test('what a changed plugin asks for and did not before is marked', () => {
  const manifest = { name: 'more', apiVersion: 1, scopes: {}, ...noParts }
  const seen = { manifest, manifestDigest: '', problems: [], grants: ['read A', 'write A'] }
  const text = grantText({ ...seen, grantedBefore: ['read A', 'publish B'] }, undefined)
  assert.match(
    text,
    /was granted before\. It asks to \(\+ is new\):\n {2}- read A\n {2}\+ write A\n$/,
  )
  assert.match(grantText(seen, undefined), /It asks to:\n {2}- read A\n {2}- write A\n$/)
})

const noParts = { recordTypes: [], migrations: [], actions: [], hooks: [], on: [] }

test('what a plugin says of itself moves no cursor where it is granted', () => {
  const manifest = {
    name: 'sly',
    apiVersion: 1,
    description: 'harmless\u001b[2J',
    scopes: {},
    ...noParts,
    settings: { properties: { 'a\u202eb': {} } },
  }
  const seen = { manifest, manifestDigest: '', grants: ['read \u001b[1A'], problems: ['\u0007'] }
  const text = grantText(seen, { a: 'x\u009b' })
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  assert.match(text, /harmless\\u001b\[2J/)
})
