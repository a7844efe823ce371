/** What a shell is told while a command line is being typed. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { coloursFor } from '../../plugins/cli/colours.ts'
import { answerShell } from '../../plugins/cli/completion/complete.ts'
import { jsonProposals } from '../../plugins/cli/completion/json-proposals.ts'
import { bashReply, readShellLine } from '../../plugins/cli/completion/shell-line.ts'
import { shellScript, shells } from '../../plugins/cli/completion/shell-scripts.ts'
import type { Cli, TextOutput } from '../../plugins/cli/context.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import { makePlace, type Place, program } from './orion-process.ts'

/** Answers as the program does, in this process. */
async function answer(place: Place, args: readonly string[]): Promise<string[]> {
  let said = ''
  const out: TextOutput = {
    write: async (text) => {
      said += text
    },
    gone: new AbortController().signal,
    colours: coloursFor({}, { NO_COLOR: '1' }),
    columns: undefined,
  }
  const err = { ...out, write: () => assert.fail('a shell would show it') }
  const notHere = async (): Promise<never> => assert.fail('completion starts nothing')
  const recordTypes = async () => orionRecordTypes
  const cli: Cli = {
    ...{
      env: place.env,
      cwd: place.directory,
      version: '0.0.0',
      stdin: Readable.from([]),
      out,
      err,
    },
    daemon: { runDaemon: notHere, inProcess: notHere },
    plugins: {
      importModule: notHere,
      recordTypes,
      legacy: notHere,
      serveMcp: notHere,
      serveLsp: notHere,
    },
  }
  await answerShell(cli, args)
  return said === '' ? [] : said.slice(0, -1).split('\n')
}

/** The values that are proposed for the last of these words. */
async function values(place: Place, ...words: string[]): Promise<string[]> {
  return (await answer(place, ['--', ...words])).map((line) => line.split('\t')[0] ?? '')
}

test('commands, flags, types and fields are proposed without a daemon, and none is started', async (t) => {
  const place = makePlace(t)
  const cases: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
    [['li'], ['list']],
    [
      ['types', ''],
      ['list', 'show', 'generate', 'migrate'],
    ],
    [['--store', join(place.store, 'x'), 'types', 'sh'], ['show']],
    [['nonsense', ''], []],
    [['list', 'OrionI'], ['OrionInsight']],
    [['list', 'OrionInsight', '--wh'], ['--where']],
    [
      ['list', 'OrionInsight', '--order', 'domain'],
      ['domain', 'domain:asc', 'domain:desc'],
    ],
    [['list', 'OrionInsight', '--order', 'tags,domain:d'], ['tags,domain:desc']],
    [['list', 'OrionInsight', '--order=domain:d'], ['--order=domain:desc']],
    [['list', 'OrionInsight', '--lifecycle', 'active,a'], ['active,archived']],
    [
      ['list', 'OrionInsight', '--expand', 's'],
      ['supports', 'supersedes'],
    ],
    [['list', '--where', '{"domain":"x"}', 'JobR'], ['JobResult']],
    [
      ['list', 'OrionInsight', '--where', '{"dom'],
      ['{"domain":"', '{"domain":{"'],
    ],
    [['list', 'JobResult', '--where', '{"status":"F'], ['{"status":"FAILURE"']],
    [['list', 'JobResult', '--where', '{"not":{"status":{"is'], ['{"not":{"status":{"isNull":']],
    [['update', 'Proposal', 'x', '--set', '{"pri'], ['{"priority":"']],
    [['update', 'Proposal', 'x', '--set', '{"sta'], []],
    [['update', 'JobResult', 'x', '--unset', 'a'], ['attempt']],
    [
      ['create', 'JobResult', '--data', '{"outputArtifacts":[{"mi'],
      ['{"outputArtifacts":[{"mimeType":"'],
    ],
    [['watch', 'JobResult.c'], ['JobResult.created']],
    [
      ['get', 'JobResult', ''],
      ['--store', '--json', '--token', '--version', '--expand'],
    ],
    [['run', '--', 'npm', 'te'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ]
  for (const [words, expected] of cases) {
    assert.deepEqual(await values(place, ...words), expected, words.join(' '))
  }
  for (const { name } of orionRecordTypes)
    assert.ok((await values(place, 'list', '')).includes(name))
  assert.deepEqual(place.daemons(), [])
})

test('files are proposed for @FILE, those with blanks in their names too', async (t) => {
  const place = makePlace(t)
  writeFileSync(join(place.directory, "it's mine.json"), '{}')
  writeFileSync(join(place.directory, 'bell\u0007.json'), '{}')
  mkdirSync(join(place.directory, 'more'))
  writeFileSync(join(place.directory, 'more', 'a.json'), '{}')
  assert.deepEqual((await values(place, 'import', 'JobResult', '@')).sort(), [
    "@it's mine.json",
    '@more/',
  ])
  assert.deepEqual(await values(place, 'import', 'JobResult', '@more/'), ['@more/a.json'])
  assert.deepEqual(await values(place, 'import', 'JobResult', '@absent/'), [])
  const line = 'orion import JobResult @it'
  assert.deepEqual(await answer(place, ['bash', line, '@it']), ["'@it'\\''s mine.json' "])
})

test('the types and ids of the store come from its daemon, and a daemon that hangs holds nothing up', async (t) => {
  const place = makePlace(t)
  const ids = ["it's; $(touch x)", 'b c', '-x', 'b\u202ed']
  for (const id of ids.slice(0, 1)) {
    await place.json([
      'create',
      'OrionInsight',
      `--id=${id}`,
      '--data',
      '{"summary":"a","domain":"b"}',
    ])
  }
  const operations = ids
    .slice(1)
    .map((id) => ({ op: 'create', type: 'OrionInsight', id, data: { summary: 'a', domain: 'b' } }))
  await place.json(['transact', JSON.stringify(operations)])
  assert.deepEqual((await values(place, 'get', 'OrionInsight', '')).sort(), [
    'b c',
    "it's; $(touch x)",
  ])
  assert.deepEqual(await values(place, 'get', 'OrionInsight', 'b'), ['b c'])
  assert.deepEqual(await answer(place, ['bash', 'orion get OrionInsight it', 'it']), [
    `'it'\\''s; $(touch x)' `,
  ])
  const [pid = 0] = place.daemons()
  process.kill(pid, 'SIGSTOP')
  assert.deepEqual(await values(place, 'list', 'JobR'), ['JobResult'])
  assert.deepEqual(await values(place, 'get', 'OrionInsight', 'b'), [])
})

test('what no shell sends is answered with nothing', async (t) => {
  const place = makePlace(t)
  for (const args of [
    [],
    ['bash'],
    ['zsh'],
    ['bash', '"', 'other'],
    ['--'],
    ['fish', '--'],
    ['x', 'y'],
  ]) {
    for (const line of await answer(place, args)) assert.doesNotMatch(line, /error|undefined/i)
  }
  const ended = await place.orion(['__complete', 'bash', 'orion list \u0000'.slice(0, 11), ''], {
    env: { ORION_TOKEN: ' ', ORION_STORE: '/dev/null/nowhere' },
  })
  assert.equal(ended.code, 0)
  assert.equal(ended.stderr, '')
  assert.match(ended.stdout, /^OrionInsight $/m)
})

test('a bash reads back what it was told to put in, in whatever quotes it stands', () => {
  const texts = fc.string({
    unit: fc.constantFrom(...`ab:=,@ '"\\$\`{}[]*?~#;&|<>()é저`),
    minLength: 1,
    maxLength: 12,
  })
  const cases: { line: string; text: string }[] = []
  fc.assert(
    fc.property(texts, fc.nat(12), fc.constantFrom('', "'", '"'), (text, at, quote) => {
      const candidate = { text, goesOn: false }
      const start = [...text].slice(0, at).join('')
      // In quotes bash replaces what stands in them; else, at the least, what stands behind the last blank.
      const current =
        quote === ''
          ? ''
          : bashReply({ text: start, goesOn: true }, { line: readShellLine(quote), current: '' })
      const typed = quote + (current ?? '')
      const line = readShellLine(`orion x ${typed}`)
      const reply = bashReply(candidate, { line, current: current ?? '' })
      assert.ok(reply !== undefined)
      assert.equal(line.word, quote === '' ? '' : start)
      cases.push({
        line: `${quote}${reply.replace(/ $/, (end) => (quote === '' ? '' : end))}${quote}`,
        text,
      })
    }),
    { numRuns: 300 },
  )
  const script = cases.map(({ line }) => `printf '%s\\0' ${line}\n`).join('')
  const read = spawnSync('bash', ['--norc'], { input: script, encoding: 'utf8' })
  assert.equal(read.stderr, '')
  assert.deepEqual(
    read.stdout.split('\0').slice(0, -1),
    cases.map(({ text }) => text),
  )
})

test('whatever is typed as JSON, what is proposed goes on from it or is left out', () => {
  const fields = orionRecordTypes[1]?.definition.fields ?? {}
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\ a', '"status"', '{"'), maxLength: 14 }),
      (partial) => {
        for (const use of ['filter', 'data', 'changes'] as const)
          jsonProposals(partial, fields, use)
      },
    ),
  )
})

test('a bash on a terminal completes commands, types, orders and filters', {
  timeout: 120_000,
  skip: spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0 ? false : 'no script(1)',
}, async (t) => {
  const place = makePlace(t)
  const terminal = bashOnTerminal(t, place)
  await terminal.type('orion typ\tsh\tOrionI\t\n', '<types><show><OrionInsight>')
  await terminal.type(
    'orion list JobR\t--where \'{"stat\t{"ne\t"x"}}\' --ord\tjobI\t:d\t\n',
    '<list><JobResult><--where><{"status":{"ne":"x"}}><--order><jobId:desc>',
  )
  await terminal.type(
    'orion update JobR\tx --set \'{"jo\tx"}\'\n',
    '<update><JobResult><x><--set><{"jobId":"x"}>',
  )
})

/** A bash with the completion of this program, in which every other call shows its arguments. */
function bashOnTerminal(t: TestContext, place: Place) {
  const env = { ...place.env, TERM: 'dumb', COLUMNS: '400', PS1: '$ ' }
  const shell = spawn(
    'script',
    ['-qec', 'stty cols 400; bash --norc --noprofile -i', '/dev/null'],
    {
      env,
      cwd: place.directory,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  t.after(() => shell.kill('SIGKILL'))
  let seen = ''
  let looked = (): void => {}
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text
    looked()
  })
  shell.once('close', () => looked())
  const type = async (keys: string, expected: string): Promise<void> => {
    shell.stdin.write(keys)
    while (!seen.includes(expected)) {
      assert.equal(shell.exitCode, null, seen)
      await new Promise<void>((resolve) => {
        looked = resolve
      })
    }
  }
  const call = `"${process.execPath}" "${program}" "$@"`
  shell.stdin.write(
    `orion() { case "$1" in __complete|completion) ${call};; *) printf '<%s>' "$@"; echo;; esac; }\n`,
  )
  shell.stdin.write('source <(orion completion bash)\n')
  return { type }
}

for (const shell of shells) {
  const isThere = spawnSync(shell, ['-c', 'true']).status === 0
  test(`the script for ${shell} is one`, { skip: isThere ? false : 'not installed' }, () => {
    const read = spawnSync(shell, ['-n'], { input: shellScript(shell), encoding: 'utf8' })
    assert.equal(read.stderr, '')
    assert.equal(read.status, 0)
  })
}
