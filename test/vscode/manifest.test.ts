/** What the extension tells the editor of itself is true, and nothing in it opens a way from records to commands. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const entries = z.array(z.object({ command: z.string(), when: z.string().optional() }))
const manifest = z
  .object({
    main: z.literal('./dist/extension.cjs'),
    publisher: z.literal('orion'),
    engines: z.object({ vscode: z.string() }),
    extensionKind: z.tuple([z.literal('workspace')]),
    capabilities: z.object({
      untrustedWorkspaces: z.object({
        supported: z.literal('limited'),
        restrictedConfigurations: z.array(z.string()),
      }),
    }),
    contributes: z.object({
      commands: z.array(z.object({ command: z.string(), title: z.string(), category: z.string() })),
      menus: z.record(z.string(), entries),
      keybindings: entries,
      views: z.object({ orion: z.array(z.object({ id: z.string(), name: z.string() })) }),
      viewsWelcome: z.array(z.object({ view: z.string(), when: z.string(), contents: z.string() })),
      configuration: z.object({
        properties: z.record(z.string(), z.object({ markdownDescription: z.string() })),
      }),
      jsonValidation: z.array(z.object({ fileMatch: z.string(), url: z.string() })),
    }),
  })
  .parse(JSON.parse(read('plugins/vscode/package.json')))
const { contributes } = manifest
const commands = contributes.commands.map(({ command }) => command)
const sources = readdirSync(join(root, 'plugins/vscode/src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: read(join('plugins/vscode/src', file)) }))

test('every command that is offered is there, and every one that is there is offered', () => {
  const text = read('plugins/vscode/src/extension.ts')
  const registered = [...text.matchAll(/(?:register|about)\('(orion\.[\w.]+)'/g)].map(
    ([, name = '']) => name,
  )
  assert.deepEqual(registered.toSorted(), commands.toSorted())
})

test('menus, keys, welcome texts and lenses name commands that are there', () => {
  const links = contributes.viewsWelcome.flatMap(({ contents }) =>
    [...contents.matchAll(/\(command:(orion\.[\w.]+)/g)].map(([, name = '']) => name),
  )
  const named = [...Object.values(contributes.menus).flat(), ...contributes.keybindings]
  const lenses = sources.flatMap(({ text }) =>
    [...text.matchAll(/'(orion\.(?:record|proposal|job|conflict|list)\.\w+)'/g)].map(
      ([, name = '']) => name,
    ),
  )
  const all = [...named.map(({ command }) => command), ...links, ...lenses]
  assert.deepEqual(
    all.filter((name) => !commands.includes(name)),
    [],
  )
})

test('a command is offered in the palette only where it can do something', () => {
  const always = ['orion.showMenu', 'orion.showOutput']
  const palette = new Map(contributes.menus.commandPalette?.map((one) => [one.command, one.when]))
  const open = commands.filter((name) => palette.get(name) === undefined)
  assert.deepEqual(open.toSorted(), always.toSorted())
})

test('conditions are written as the editor understands them', () => {
  const all = [...Object.values(contributes.menus).flat(), ...contributes.keybindings]
  const odd = all.map(({ when = '' }) => when).filter((when) => /!~|===|[^=!]=[^=~]/.test(when))
  assert.deepEqual(odd, [])
})

test('every setting that is read is described, and every one that is described is read', () => {
  const text = read('plugins/vscode/src/host/settings.ts')
  const names = [...text.matchAll(/read\(\s*'([\w.]+)'/g)].map(([, name = '']) => `orion.${name}`)
  const { properties } = contributes.configuration
  assert.deepEqual(names.toSorted(), Object.keys(properties).toSorted())
  const told = read('plugins/vscode/README.md')
  assert.deepEqual(
    names.filter((name) => !told.includes(`\`${name}\``)),
    [],
  )
})

test('what a repository may set does not count before it is trusted', () => {
  const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces
  for (const name of ['orion.program', 'orion.store', 'orion.connectOnOpen']) {
    assert.ok(restrictedConfigurations.includes(name), name)
  }
})

test('each view says what to do when it is empty', () => {
  for (const { id } of contributes.views.orion) {
    assert.ok(
      contributes.viewsWelcome.some(({ view, when }) => view === id && /ready/.test(when)),
      id,
    )
  }
  const faces =
    /'untrusted' \| 'noFolder' \| 'noStore' \| 'off' \| 'problem' \| 'connecting' \| 'ready'/
  assert.match(read('plugins/vscode/src/host/stores.ts'), faces)
  for (const face of [
    'untrusted',
    'noFolder',
    'noStore',
    'off',
    'problem',
    'connecting',
    'ready',
  ]) {
    const welcome = contributes.viewsWelcome.filter(({ view }) => view === 'orion.jobs')
    assert.ok(
      welcome.some(({ when }) => when.includes(`orion.face == ${face}`)),
      face,
    )
  }
})

test('nothing shows records as markup, HTML or trusted text', () => {
  const opening =
    /isTrusted\s*[=:]\s*(?:true|\{)|supportHtml|createWebview|registerUriHandler|\beval\(|new Function/
  assert.deepEqual(
    sources.filter(({ text }) => opening.test(text)).map(({ file }) => file),
    [],
  )
})

test('the extension asks for an editor that has what it is compiled against', () => {
  const { devDependencies } = z
    .object({ devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')))
  assert.equal(manifest.engines.vscode, `^${devDependencies['@types/vscode']}`)
})

test('the extension is no part of the package', () => {
  const build = z
    .object({ exclude: z.array(z.string()) })
    .parse(JSON.parse(read('tsconfig.build.json')))
  assert.ok(build.exclude.includes('plugins/vscode'))
})
