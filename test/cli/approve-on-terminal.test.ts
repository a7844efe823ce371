/** What a person is asked on a terminal before something is approved, and what the terminal shows of the answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject } from '../../sdk/json.ts'
import { makePlace, program } from './orion-process.ts'
import { noTerminal, openTerminal, type Terminal } from './terminal.ts'

const skip = noTerminal ?? false
const timeout = 300_000
const secret = 'correct horse battery'
const orion = `'${process.execPath}' '${program}'`
/** Says how a command ended, and whether the terminal shows what is typed, and takes it line by line. */
const state = `echo "exit=$?" $(stty -a | tr ' ;' '\\n\\n' | grep -xE -- '-?(echo|icanon)' | sort)`

/** @returns All that the terminal has shown until the command had ended. */
async function ends(terminal: Terminal, code: number): Promise<string> {
  const seen = await terminal.shows(/exit=(\d+)([^\r\n]*)\r?\n/)
  assert.match(seen, new RegExp(`exit=${code} echo icanon`))
  return seen
}

async function answers(terminal: Terminal, question: RegExp, keys: string): Promise<string> {
  const seen = await terminal.shows(question)
  terminal.type(keys)
  return seen
}

test('a passphrase is typed unseen and asked for again, and the question comes before it', {
  skip,
  timeout,
}, async (t) => {
  const place = makePlace(t)
  const agent = ['token', 'create', '--name', 'agent:a', '--scope', 'read,propose']
  const token = (await place.orion(agent)).stdout.trim()
  const plan =
    '[{"op":"create","type":"OrionInsight","id":"cold","data":{"summary":"chilly","domain":"b"}}]'
  const create = ['proposal', 'create', plan, '--submit']
  const made = await place.json(create, { env: { ORION_TOKEN: token } })
  assert.ok(isJsonObject(made))
  const run = (line: string): Terminal => openTerminal(t, place, `${orion} ${line}; ${state}`)

  const slip = run('approver init')
  await answers(slip, /New passphrase.*: $/, `${secret}\r`)
  await answers(slip, /Once more: $/, 'correct horse buttery\r')
  assert.match(await ends(slip, 2), /same passphrase twice/)

  const init = run('approver init')
  await answers(init, /New passphrase.*: $/, `${secret}\r`)
  const seen = [
    await answers(init, /Once more: $/, `correct horsex\x7f battery\r`),
    await ends(init, 0),
  ]
  assert.doesNotMatch(seen.join(''), /correct|battery/)

  const refused = run(`proposal approve ${made.id}`)
  assert.match(await answers(refused, /\[y\/N\] $/, '\r'), /\+ summary: chilly/)
  assert.match(await ends(refused, 1), /Not approved/)

  const wrong = run(`proposal approve ${made.id}`)
  await answers(wrong, /\[y\/N\] $/, 'y\r')
  assert.match(
    await answers(wrong, /Passphrase.*: $/, 'wrong wrong\r'),
    /^y\r/,
    'a plain answer is shown',
  )
  assert.doesNotMatch(await ends(wrong, 5), /wrong wrong/)

  const changed = run('approver init')
  await answers(changed, /New passphrase.*: $/, 'Grüße, 世界 again\r')
  await answers(changed, /Once more: $/, 'Grüße, 世界 again\r')
  await answers(changed, /Present passphrase.*: $/, `${secret}\r`)
  assert.doesNotMatch(await ends(changed, 0), /correct|again/)

  const approved = run(`proposal approve ${made.id}`)
  await answers(approved, /\[y\/N\] $/, 'yes\r')
  await answers(approved, /Passphrase.*: $/, 'Grüße, 世界 again\r')
  assert.match(await ends(approved, 0), /is approved/)
})

test('a terminal shows what is typed again, however the question for a passphrase ended', {
  skip,
  timeout,
}, async (t) => {
  const place = makePlace(t)
  const run = (before = ''): Terminal =>
    openTerminal(
      t,
      place,
      `sh -c 'echo pid=$$; ${before}exec "$@"' - ${orion} approver init; ${state}`,
    )
  const interrupted = run()
  await answers(interrupted, /New passphrase.*: $/, 'half\x03')
  assert.doesNotMatch(await ends(interrupted, 130), /half/)

  const closed = run()
  await answers(closed, /New passphrase.*: $/, '\x04')
  assert.match(await ends(closed, 2), /expected an answer/)

  const terminated = run()
  const before = await terminated.shows(/New passphrase.*: $/)
  process.kill(Number(/pid=(\d+)/.exec(before)?.[1]), 'SIGTERM')
  await ends(terminated, 143)
})
