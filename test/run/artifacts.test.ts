import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { collectArtifacts } from '../../plugins/cli/run/artifacts.ts'
import { expandBraces, findFiles } from '../../plugins/cli/run/glob.ts'

const { signal } = new AbortController()

function tree(t: TestContext, files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'orion-artifacts-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), `content of ${file}`)
  }
  return root
}

const files = [
  'a.txt',
  'b.txt',
  '.hidden.txt',
  'dist/app.js',
  'dist/app.js.map',
  'dist/deep/er/x.js',
  'dist/.cache/y.js',
  'node_modules/z/z.js',
  'we[ird]/na{m}e.txt',
]

const globs: readonly { readonly glob: string; readonly found: readonly string[] }[] = [
  { glob: 'a.txt', found: ['a.txt'] },
  { glob: './a.txt', found: ['./a.txt'] },
  { glob: '*.txt', found: ['a.txt', 'b.txt'] },
  { glob: '?.txt', found: ['a.txt', 'b.txt'] },
  { glob: '[!a].txt', found: ['b.txt'] },
  { glob: '[a-c].txt', found: ['a.txt', 'b.txt'] },
  { glob: '{a,b,c}.txt', found: ['a.txt', 'b.txt'] },
  { glob: '.*.txt', found: ['.hidden.txt'] },
  { glob: 'dist/*.js', found: ['dist/app.js'] },
  { glob: 'dist/**/*.js', found: ['dist/app.js', 'dist/deep/er/x.js'] },
  { glob: '**/*.js', found: ['dist/app.js', 'dist/deep/er/x.js'] },
  { glob: 'dist', found: ['dist/app.js', 'dist/app.js.map', 'dist/deep/er/x.js'] },
  { glob: 'dist/', found: ['dist/app.js', 'dist/app.js.map', 'dist/deep/er/x.js'] },
  { glob: 'dist/**', found: ['dist/app.js', 'dist/app.js.map', 'dist/deep/er/x.js'] },
  { glob: 'node_modules/**/*.js', found: ['node_modules/z/z.js'] },
  { glob: 'we*/na{m}e.txt', found: ['we[ird]/na{m}e.txt'] },
  { glob: 'none/**', found: [] },
  { glob: 'a.txt/*', found: [] },
  { glob: '(a).txt', found: [] },
]

for (const { glob, found } of globs) {
  test(`the glob ${glob} finds ${found.length} files`, async (t) => {
    const cwd = tree(t, files)
    assert.deepEqual(await findFiles(glob, { cwd, filesMax: 100, signal }), found)
  })
}

test('an absolute glob finds absolute paths', async (t) => {
  const cwd = tree(t, files)
  const found = await findFiles(`${cwd}/*.txt`, { cwd: '/', filesMax: 100, signal })
  assert.deepEqual(found, [join(cwd, 'a.txt'), join(cwd, 'b.txt')])
})

test('braces nest', () => {
  assert.deepEqual(expandBraces('x{a,b{1,2}}y').sort(), ['xay', 'xb1y', 'xb2y'])
  assert.deepEqual(expandBraces('{a}'), ['{a}'])
})

test('a glob does not go round in circles through links', async (t) => {
  const cwd = tree(t, ['d/a.txt'])
  symlinkSync('..', join(cwd, 'd', 'up'))
  symlinkSync('a.txt', join(cwd, 'd', 'b.txt'))
  assert.deepEqual(await findFiles('**/*.txt', { cwd, filesMax: 100, signal }), [
    'd/a.txt',
    'd/b.txt',
  ])
})

test('no more files are found than wanted, and an abort ends the search', async (t) => {
  const cwd = tree(t, files)
  assert.equal((await findFiles('**', { cwd, filesMax: 2, signal })).length, 2)
  await assert.rejects(findFiles('**', { cwd, filesMax: 2, signal: AbortSignal.abort() }))
})

test('an artifact has its path from the root of the repository, its size, type and checksum', async (t) => {
  const root = tree(t, ['.git/HEAD', 'pkg/out/report.json'])
  const report = await collectArtifacts(['out/*', 'out/report.json', 'none/*'], {
    cwd: join(root, 'pkg'),
    signal,
  })
  const content = 'content of pkg/out/report.json'
  assert.deepEqual(report.artifacts, [
    {
      path: 'pkg/out/report.json',
      mimeType: 'application/json',
      description: 'found by out/*',
      checksum: `sha256:${createHash('sha256').update(content).digest('hex')}`,
      sizeBytes: content.length,
    },
  ])
  assert.deepEqual(report.warnings, ['no file fits --artifact none/*'])
})

test('a large artifact is not held in memory, and its checksum is right', async (t) => {
  const cwd = tree(t, ['.git/HEAD'])
  const bytes = Buffer.alloc(5_000_003, 'orion')
  writeFileSync(join(cwd, 'big.bin'), bytes)
  const { artifacts } = await collectArtifacts(['big.bin'], { cwd, signal })
  assert.equal(artifacts[0]?.sizeBytes, bytes.length)
  assert.equal(artifacts[0]?.checksum, `sha256:${createHash('sha256').update(bytes).digest('hex')}`)
})
