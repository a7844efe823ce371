/** What the documents name is there: links, files, scripts, commands, settings. Their examples run. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '../plugins/cli/application.ts'
import { coloursFor } from '../plugins/cli/colours.ts'
import type { TextOutput } from '../plugins/cli/context.ts'
import { readTexts } from './tidy/source-tree.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const texts = readTexts(root)
const documents = texts.filter(({ path }) => path.endsWith('.md'))
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

test('every link between the documents leads to a file', () => {
  const broken = documents.flatMap(({ path, text }) =>
    linksOf(text)
      .filter((link) => !existsSync(join(root, dirname(path), link)))
      .map((link) => `${path}: ${link}`),
  )
  assert.deepEqual(broken, [])
})

test('every source file that a document names is there', () => {
  const paths = texts.map(({ path }) => `/${path}`)
  const missing = documents.flatMap(({ path, text }) =>
    sourceNamesOf(text)
      .filter((name) => !paths.some((known) => known.endsWith(`/${name}`)))
      .map((name) => `${path}: ${name}`),
  )
  assert.deepEqual(missing, [])
})

test('every npm script that a document names is in package.json', () => {
  const { scripts } = JSON.parse(textOf('package.json'))
  const missing = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/npm (?:run )?(?:-s )?(start|test|(?<=run )[a-z][\w:-]*)/g)]
      .map(([, name = '']) => name)
      .filter((name) => !Object.hasOwn(scripts, name))
      .map((name) => `${path}: ${name}`),
  )
  assert.deepEqual(missing, [])
})

test('the README names exactly the commands there are', async () => {
  const [, table = ''] = textOf('README.md').split('## The command line')
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z]+)/g)].map(([, name = '']) => name),
  )
  assert.deepEqual([...new Set(named)].sort(), (await commandNames()).sort())
})

test('every variable that the program reads is told of', () => {
  const told = textOf('docs/settings.md')
  const internal = new Set(['ORION_HANDED_FDS'])
  const read = texts
    .filter(({ path }) => /^(bin|sdk|daemon|plugins)\/.*\.m?[jt]s$/.test(path))
    .flatMap(({ text }) => text.match(/\bORION_[A-Z_]+\b/g) ?? [])
    .map((name) => (name.startsWith('ORION_LIMIT_') ? 'ORION_LIMIT_' : name))
  const untold = [...new Set(read)].filter((name) => !internal.has(name) && !told.includes(name))
  assert.deepEqual(untold, [])
})

test('every decision is in the index', () => {
  const index = textOf('docs/decisions/README.md')
  const files = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name))
  assert.ok(files.length > 0)
  assert.deepEqual(
    files.filter((name) => !index.includes(`(${name})`)),
    [],
  )
})

test('what is wrong with a document is noticed', () => {
  assert.deepEqual(linksOf('see [a](b/c.md#d), [e](https://example.org) and [f](#g)'), ['b/c.md'])
  assert.deepEqual(sourceNamesOf('`daemon/main.ts`, `orion/sdk`, `X.created` and `a-b.test.ts`'), [
    'daemon/main.ts',
    'a-b.test.ts',
  ])
})

/** The commands that the program's own help lists. */
async function commandNames(): Promise<string[]> {
  let shown = ''
  const out: TextOutput = {
    write: async (text) => {
      shown += text
    },
    gone: new AbortController().signal,
    colours: coloursFor({}, { NO_COLOR: '1' }),
    columns: undefined,
  }
  const notHere = async (): Promise<never> => assert.fail('help needs no daemon')
  const daemon = { runDaemon: notHere, inProcess: notHere }
  const plugins = {
    importModule: notHere,
    recordTypes: notHere,
    legacy: notHere,
    serveMcp: notHere,
    serveLsp: notHere,
  }
  const process = { env: {}, cwd: root, version: '0.0.0', stdin: Readable.from([]) }
  assert.equal(await runCommandLine({ ...process, out, err: out, daemon, plugins }, []), 0)
  return [...shown.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = '']) => name)
}

/** Links to files of the project, without the place in the file. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
}

/** What stands in backquotes and ends like a source file, patterns left out. */
function sourceNamesOf(text: string): string[] {
  return [...text.matchAll(/`([\w./-]+\.(?:ts|mjs|py|lua))`/g)].map(([, name = '']) => name)
}
