/** What a file imports, and cycles among what files import. */
import { posix } from 'node:path'
import ts from 'typescript'
import type { SourceFile, Violation } from './source-tree.ts'

/** One import or re-export. */
export interface Import {
  readonly node: ts.Node
  /** As it is written. */
  readonly specifier: string
  /** The file it means, relative to the root; undefined for packages and Node's own modules. */
  readonly target: string | undefined
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean
}

/** Every import of a file, dynamic ones and those inside types included. */
export function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = []
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    imports.push({
      node,
      specifier: specifier.text,
      target: targetOf(file, specifier.text),
      typeOnly,
    })
  }
  const step = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeImport(node))
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, true)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], false)
    }
    ts.forEachChild(node, step)
  }
  step(file.ast)
  return imports
}

function isTypeImport(node: ts.ImportDeclaration): boolean {
  return node.importClause?.isTypeOnly ?? false
}

function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.normalize(posix.join(posix.dirname(file.path), specifier))
}

/** No file imports itself by way of others, not even for types. Each cycle is told once. */
export function importCycles(files: readonly SourceFile[]): Violation[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap(({ target }) => (target === undefined ? [] : [target])),
    ]),
  )
  const finished = new Set<string>()
  const violations: Violation[] = []
  for (const start of graph.keys()) {
    const cycle = findCycle(start, { graph, finished, trail: [] })
    const [path] = cycle ?? []
    if (path !== undefined) {
      violations.push({ path, message: `imports itself: ${cycle?.join(' → ')}` })
    }
  }
  return violations
}

interface Search {
  readonly graph: ReadonlyMap<string, readonly string[]>
  /** Files from which every way was followed. */
  readonly finished: Set<string>
  readonly trail: readonly string[]
}

function findCycle(path: string, search: Search): readonly string[] | undefined {
  const { graph, finished, trail } = search
  if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
  if (finished.has(path)) return undefined
  finished.add(path)
  for (const target of graph.get(path) ?? []) {
    const cycle = findCycle(target, { ...search, trail: [...trail, path] })
    if (cycle !== undefined) return cycle
  }
  return undefined
}
