import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import nodeModule, { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Loader {
  loadProgram(options: {
    readonly file: string
    readonly use?: string
    readonly env: NodeJS.ProcessEnv
  }): { readonly program: { readonly say: () => string }; readonly keep: () => void } | undefined
}

const loader = fileURLToPath(new URL('../../bin/load-program.cjs', import.meta.url))
const { loadProgram }: Loader = createRequire(import.meta.url)(loader)

/** Later systems have a cache of their own, which Node looks after. */
const skip = 'enableCompileCache' in nodeModule ? 'Node itself keeps compiled code here' : false

interface Place {
  readonly file: string
  readonly caches: string
  readonly load: (env?: NodeJS.ProcessEnv, use?: string) => ReturnType<Loader['loadProgram']>
}

function makePlace(t: TestContext): Place {
  const directory = mkdtempSync(join(tmpdir(), 'orion-load-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'program.cjs')
  const caches = join(directory, 'orion')
  writeProgram(file, 'first')
  return {
    file,
    caches,
    load: (env = {}, use = 'get') =>
      loadProgram({ file, use, env: { XDG_CACHE_HOME: directory, ...env } }),
  }
}

function writeProgram(file: string, word: string): void {
  writeFileSync(file, `exports.say = () => '${word}, ' + __filename.slice(-11)`)
}

test('the compiled code of a program is kept, and taken the next time', { skip }, (t) => {
  const { caches, load } = makePlace(t)
  const first = load()
  assert.equal(first?.program.say(), 'first, program.cjs')
  first?.keep()
  const [name = ''] = readdirSync(caches)
  const { mtimeMs, mode } = statSync(join(caches, name))
  assert.equal(mode & 0o777, 0o600)
  const second = load()
  assert.equal(second?.program.say(), 'first, program.cjs')
  second?.keep()
  assert.deepEqual(readdirSync(caches), [name])
  assert.equal(statSync(join(caches, name)).mtimeMs, mtimeMs)
})

test('the code of another program, or a broken file, is left aside and replaced', { skip }, (t) => {
  const { file, caches, load } = makePlace(t)
  load()?.keep()
  const [name = ''] = readdirSync(caches)
  const cache = join(caches, name)
  const before = readFileSync(cache)
  writeProgram(file, 'other')
  const changed = load()
  assert.equal(changed?.program.say(), 'other, program.cjs')
  changed?.keep()
  const good = readFileSync(cache)
  assert.notDeepEqual(good, before)
  const flipped = Buffer.from(good)
  flipped.writeUInt8(good.readUInt8(good.length - 100) ^ 1, good.length - 100)
  const cuts = [good.subarray(0, -100), good.subarray(0, 70), good.subarray(0, 20)]
  for (const broken of [flipped, ...cuts, Buffer.alloc(0)]) {
    writeFileSync(cache, broken)
    assert.equal(loadElsewhere(file, caches), 'other, program.cjs')
    assert.ok(readFileSync(cache).length > 200)
  }
})

/** In a process of its own, because V8 remembers within one what it has compiled. */
function loadElsewhere(file: string, caches: string, meanwhile = ''): string {
  const script = `
    const { program, keep } = require(${JSON.stringify(loader)}).loadProgram({
      file: ${JSON.stringify(file)}, use: 'get', env: { XDG_CACHE_HOME: ${JSON.stringify(dirname(caches))} } })
    console.log(program.say())
    ${meanwhile}
    keep()`
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim()
}

test('code that is kept after the engine was loaded is taken the next time', { skip }, (t) => {
  const { file, caches } = makePlace(t)
  const wholeWasmCalls = fileURLToPath(
    new URL('../../daemon/store/engine/whole-wasm-calls.ts', import.meta.url),
  )
  const loadEngine = `
    require('tsx/cjs/api').register()
    require(${JSON.stringify(wholeWasmCalls)}).keepWasmCallsWhole()`
  loadElsewhere(file, caches, loadEngine)
  const [name = ''] = readdirSync(caches)
  const { ino } = statSync(join(caches, name))
  loadElsewhere(file, caches)
  assert.equal(statSync(join(caches, name)).ino, ino)
})

test('commands that need other code have a cache of their own', { skip }, (t) => {
  const { caches, load } = makePlace(t)
  for (const use of ['get', 'list', 'serve', 'run']) load({}, use)?.keep()
  assert.equal(readdirSync(caches).length, 3)
})

test('no code is taken from a directory that others can write to', { skip }, (t) => {
  const { caches, load } = makePlace(t)
  load()?.keep()
  chmodSync(caches, 0o777)
  const names = readdirSync(caches)
  for (const name of names) rmSync(join(caches, name))
  const loaded = load()
  assert.equal(loaded?.program.say(), 'first, program.cjs')
  loaded?.keep()
  assert.deepEqual(readdirSync(caches), [])
})

test('nothing is kept where that is not wanted, or not possible', (t) => {
  const { caches, file, load } = makePlace(t)
  for (const env of [{ ORION_CODE_CACHE: '0' }, { XDG_CACHE_HOME: file }]) {
    const loaded = load(env)
    assert.equal(loaded?.program.say(), 'first, program.cjs')
    loaded?.keep()
  }
  assert.throws(() => readdirSync(caches))
})

test('the sources run when they are asked for, or nothing was built', (t) => {
  const { file, load } = makePlace(t)
  assert.equal(load({ ORION_FROM_SOURCE: '1' }), undefined)
  rmSync(file)
  assert.equal(load(), undefined)
})
