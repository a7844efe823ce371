/** Which files make up a plugin of a single file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { relativeImports } from '../../daemon/plugins/plugin-code.ts'

const spelled: [code: string, imports: string[]][] = [
  [`import { a } from './a.ts'`, ['./a.ts']],
  [`export * from "../b.ts"; import'./c.ts'`, ['../b.ts', './c.ts']],
  [`await import(\n\t\`./d.ts\` )`, ['./d.ts']],
  [`const e = require ( '../../e' )`, ['../../e']],
  [`import './kö 한.ts'`, ['./kö 한.ts']],
  // What looks like an import hides none that comes after it: their files would not be looked at.
  [`/* from './ */ import './hidden.ts'`, ['./ */ import ', './hidden.ts']],
  [`import x from 'zod'; const s = './not'; "x./y"; from './cut\n'`, []],
]

for (const [code, imports] of spelled) {
  test(`${JSON.stringify(code)} imports ${JSON.stringify(imports)}`, () => {
    assert.deepEqual(relativeImports(Buffer.from(code)), imports)
  })
}

test('imports are found as an expression over the whole text finds them', () => {
  const expression = /(?<=(?:from|import|require)\s*\(?\s*['"`])(\.{1,2}\/[^'"`\n]*)(?=['"`])/g
  const piece = fc.constantFrom(
    ...[
      'from',
      'import',
      'require',
      ' ',
      '\t',
      '\n',
      '(',
      `'`,
      '"',
      '`',
      '.',
      './',
      '../',
      'a',
      'ü',
      ';',
    ],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('')
      const found = [...text.matchAll(expression)].map(([, specifier]) => specifier)
      assert.deepEqual(relativeImports(Buffer.from(text)), found)
    }),
    { numRuns: 20_000 },
  )
})
