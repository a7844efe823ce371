/** The rules of style that a machine can check. A rule that fails says where and why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as ban from './tidy/ban-rules.ts'
import { undocumentedExports } from './tidy/doc-rules.ts'
import { hiddenPackages, ownImports, packageImports } from './tidy/import-rules.ts'
import { importCycles } from './tidy/imports.ts'
import { fileLength, functionLength } from './tidy/size-rules.ts'
import {
  parseSource,
  parseSources,
  readTexts,
  type SourceFile,
  type TextFile,
  told,
  type Violation,
} from './tidy/source-tree.ts'

const texts = readTexts(fileURLToPath(new URL('..', import.meta.url)))
const sources = parseSources(texts)

/** A rule about each source file by itself. */
const sourceRules: { readonly [name: string]: (file: SourceFile) => Violation[] } = {
  'files are short': fileLength,
  'functions are short': functionLength,
  'folders import what the table of imports lets them': ownImports,
  'packages are imported where the table lets them': packageImports,
  'there is no any, enum, namespace or default export': ban.bannedForms,
  'nobody silences the compiler': ban.silencedErrors,
  'nobody writes to the console': ban.consoleUse,
  'modules have no state': ban.moduleState,
  'files are named for what they hold': ban.fileNames,
  'what others may import is documented': undocumentedExports,
}

/** A rule about each text file by itself. */
const textRules: { readonly [name: string]: (file: TextFile) => Violation[] } = {
  'no word is out of place': ban.unwelcomeWords,
  'the lock file names no host': ban.lockedHosts,
}

/** A rule about all source files together. */
const treeRules: { readonly [name: string]: (files: readonly SourceFile[]) => Violation[] } = {
  'no file imports itself by way of others': importCycles,
  'one file hides each of these packages': hiddenPackages,
}

for (const [name, rule] of Object.entries(sourceRules)) {
  test(name, () => assert.deepEqual(sources.flatMap(rule).map(told), []))
}
for (const [name, rule] of Object.entries(textRules)) {
  test(name, () => assert.deepEqual(texts.flatMap(rule).map(told), []))
}
for (const [name, rule] of Object.entries(treeRules)) {
  test(name, () => assert.deepEqual(rule(sources).map(told), []))
}

test('the rules see the files of every folder', () => {
  const seen = new Set(texts.map(({ path }) => path))
  for (const path of ['sdk/model.ts', 'daemon/limits.ts', 'plugins/orion/record-types.ts']) {
    assert.ok(seen.has(path), path)
  }
  assert.ok(
    seen.has('bin/orion.mjs') && seen.has('package-lock.json') && seen.has('test/tidy.test.ts'),
  )
})

type Bad = readonly [rule: string, path: string, text: string]
const long = (lines: number): string => '// line\n'.repeat(lines)
const longFunction = `export function f() {\n${long(69)}}\n`

/** Each of these breaks its rule, and only by what is said. */
const bad: readonly Bad[] = [
  ['files are short', 'daemon/a.ts', long(401)],
  ['files are short', 'test/a.test.ts', long(601)],
  ['functions are short', 'daemon/a.ts', longFunction],
  ['functions are short', 'test/a.test.ts', `test('a', () => {\n${long(69)}})`],
  ['functions are short', 'sdk/a.ts', `class A {\n  m() {\n${long(69)}}\n}`],
  ...(
    [
      ['sdk/model.ts', '../sdk/filter/order.ts'],
      ['sdk/model.ts', './index.ts'],
      ['sdk/protocol/a.ts', '../transport/b.ts'],
      ['sdk/transport/a.ts', '../model.ts'],
      ['sdk/filter/a.ts', '../protocol/records.ts'],
      ['sdk/launch/a.ts', '../client/connect.ts'],
      ['sdk/client/a.ts', '../../daemon/daemon.ts'],
      ['daemon/store/a.ts', '../session/session.ts'],
      ['daemon/store/a.ts', '../events/event-bus.ts'],
      ['daemon/store/a.ts', '../../sdk/protocol/records.ts'],
      ['daemon/store/a.ts', '../limits.ts'],
      ['daemon/store/engine/a.ts', '../store.ts'],
      ['daemon/events/a.ts', '../store/store.ts'],
      ['daemon/lifecycle/a.ts', '../store/store.ts'],
      ['daemon/session/a.ts', '../daemon.ts'],
      ['daemon/log.ts', './daemon.ts'],
      ['daemon/session/a.ts', '../../sdk/model'],
      ['plugins/cli/a.ts', '../../daemon/in-process.ts'],
      ['plugins/cli/a.ts', '../orion/record-types.ts'],
      ['plugins/cli/a.ts', '../../sdk/index.ts'],
      ['sdk/client/a.ts', '../../test/tidy.test.ts'],
      ['elsewhere/a.ts', '../sdk/model.ts'],
    ] as const
  ).map(
    ([path, target]): Bad => [
      'folders import what the table of imports lets them',
      path,
      `import { a } from '${target}'`,
    ],
  ),
  ...(
    [
      ['daemon/store/a.ts', "import initSqlJs from 'sql.js'"],
      ['daemon/store/a.ts', "const { a } = await import('sql.js')"],
      ['daemon/events/a.ts', "import { minimatch } from 'minimatch'"],
      ['daemon/session/a.ts', "import { pino } from 'pino'"],
      ['daemon/session/a.ts', "import { sql } from 'kysely'"],
      ['daemon/store/a.ts', "import { z } from 'zod'"],
      ['daemon/store/a.ts', "type A = import('vscode-jsonrpc').Disposable"],
      ['sdk/filter/a.ts', "import { a } from 'vscode-jsonrpc/node'"],
      ['sdk/a.ts', "export { a } from 'left-pad'"],
      ['sdk/a.ts', "import { readFileSync } from 'fs'"],
    ] as const
  ).map(([path, text]): Bad => ['packages are imported where the table lets them', path, text]),
  ...(
    [
      'let a: any',
      'const a = b as any',
      'export default 5',
      'export default function f() {}',
      'enum A { B }',
      'namespace A {}',
    ] as const
  ).map((text): Bad => ['there is no any, enum, namespace or default export', 'test/a.ts', text]),
  ['nobody silences the compiler', 'sdk/a.ts', ['a()', '  // @ts-ignore', 'b()'].join('\n')],
  ['nobody silences the compiler', 'sdk/a.ts', ['/* @ts-nocheck */', 'b()'].join('\n')],
  ['nobody writes to the console', 'daemon/a.ts', 'console.log(1)'],
  ['nobody writes to the console', 'plugins/cli/a.ts', 'const { log } = console'],
  ['modules have no state', 'sdk/a.ts', 'let count = 0'],
  ['files are named for what they hold', 'sdk/utils.ts', ''],
  ['files are named for what they hold', 'daemon/store/types.ts', ''],
  ['files are named for what they hold', 'daemon/EventBus.ts', ''],
  ['what others may import is documented', 'sdk/a.ts', '// A thing.\nexport const a = 1'],
  ['what others may import is documented', 'sdk/a.ts', 'const b = 1\nexport function a() {}'],
  ['what others may import is documented', 'sdk/a.ts', 'const b = 1\nexport type A = string'],
  ['what others may import is documented', 'sdk/protocol/a.ts', 'const b = 1\nexport class A {}'],
  ['no word is out of place', 'docs/a.md', ['see /wo', 'rk/main'].join('')],
  ['no word is out of place', 'sdk/a.ts', ['// as the c', 'eo said'].join('')],
  ['the lock file names no host', 'package-lock.json', '{"resolved": "https://example.org/a.tgz"}'],
]
for (const [name, path, text] of bad) {
  test(`the rule that ${name} fails for ${path}: ${JSON.stringify(text.slice(0, 60))}`, () => {
    const rule = { ...textRules, ...sourceRules }[name]
    assert.equal(rule?.(parseSource({ path, text })).length, 1)
  })
}

/** None of these breaks a rule. */
const good: readonly TextFile[] = [
  { path: 'daemon/a.ts', text: long(400) },
  { path: 'plugins/cli/a.ts', text: longFunction.replace('// line\n', '') },
  { path: 'sdk/filter/a.ts', text: "import { a } from '../model.ts'" },
  { path: 'daemon/store/a.ts', text: "import type { a } from '../../sdk/protocol/records.ts'" },
  { path: 'daemon/store/a.ts', text: "import type { z } from 'zod'\nimport { sql } from 'kysely'" },
  { path: 'daemon/store/engine/a.ts', text: "import initSqlJs from 'sql.js'" },
  { path: 'daemon/main.ts', text: "import { a } from './daemon.ts'" },
  { path: 'plugins/cli/run/a.ts', text: "import { a } from '../../../sdk/client/connect.ts'" },
  { path: 'plugins/cli/run/a.ts', text: "import { a } from '../actions/b.ts'" },
  { path: 'sdk/a.ts', text: '/** A thing. */\nexport const a = 1\nconst b = 2' },
  { path: 'test/a.ts', text: `suite(() => {\n${`test(() => {\n${long(40)}})\n`.repeat(9)}})` },
  { path: 'sdk/protocol/types.ts', text: 'export const a = z.string()' },
  { path: 'sdk/a.ts', text: "const a = { console: 1, any: 'any' }; a.console" },
  { path: 'scripts/a.ts', text: 'console.log(1)' },
]
for (const file of good) {
  test(`no rule fails for ${file.path}: ${JSON.stringify(file.text.slice(0, 60))}`, () => {
    const source = parseSource(file)
    const rules = Object.values({ ...textRules, ...sourceRules })
    assert.deepEqual(rules.flatMap((rule) => rule(source)).map(told), [])
  })
}

test('the rule that no file imports itself finds a cycle of types', () => {
  const files = [
    { path: 'sdk/a.ts', text: "import type { B } from './b.ts'" },
    { path: 'sdk/b.ts', text: "import { c } from './c.ts'" },
    { path: 'sdk/c.ts', text: "export type { A } from './a.ts'" },
    { path: 'sdk/d.ts', text: "import { c } from './c.ts'" },
  ].map(parseSource)
  assert.deepEqual(importCycles(files).map(told), [
    'sdk/a.ts: imports itself: sdk/a.ts → sdk/b.ts → sdk/c.ts → sdk/a.ts',
  ])
})

test('the rule of hidden packages finds a second importer', () => {
  const files = ['a', 'b'].map((name) =>
    parseSource({ path: `plugins/cli/${name}.ts`, text: "import pc from 'picocolors'" }),
  )
  assert.equal(hiddenPackages(files).length, 1)
  assert.equal(hiddenPackages(files.slice(1)).length, 0)
})
