/** How long files and functions may be. */
import ts from 'typescript'
import { lineOf, type SourceFile, type Violation, violationAt, visit } from './source-tree.ts'

const fileMaxLines = 400
const testFileMaxLines = 600
const functionMaxLines = 70

/** A file has at most 400 lines, a test 600. */
export function fileLength(file: SourceFile): Violation[] {
  const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0)
  const limit = file.path.startsWith('test/') ? testFileMaxLines : fileMaxLines
  if (lines <= limit) return []
  return [{ path: file.path, message: `has ${lines} lines, more than ${limit}` }]
}

/**
 * A function has at most 70 lines, those of the functions in it included. A suite is as long as it has tests,
 * so in tests the functions in a function do not count.
 */
export function functionLength(file: SourceFile): Violation[] {
  const violations: Violation[] = []
  visit(file, (node) => {
    if (!ts.isFunctionLike(node)) return
    const lines = file.path.startsWith('test/') ? ownLines(file, node) : linesOf(file, node)
    if (lines <= functionMaxLines) return
    const name = node.name?.getText(file.ast) ?? 'a function'
    const message = `${name} has ${lines} lines, more than ${functionMaxLines}`
    violations.push(violationAt(file, node, message))
  })
  return violations
}

function linesOf(file: SourceFile, node: ts.Node): number {
  return lineOf(file, node.end) - lineOf(file, node.getStart(file.ast)) + 1
}

function ownLines(file: SourceFile, node: ts.Node): number {
  let lines = linesOf(file, node)
  const subtract = (inner: ts.Node): void => {
    if (ts.isFunctionLike(inner)) lines -= linesOf(file, inner) - 1
    else ts.forEachChild(inner, subtract)
  }
  ts.forEachChild(node, subtract)
  return lines
}
