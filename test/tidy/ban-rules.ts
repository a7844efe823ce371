/** Forms of the language, names of files, and words that the project does without. */
import ts from 'typescript'
import {
  type SourceFile,
  type TextFile,
  type Violation,
  violationAt,
  visit,
} from './source-tree.ts'

/** No `any`, `enum`, `namespace` or default export. */
export function bannedForms(file: SourceFile): Violation[] {
  const violations: Violation[] = []
  const ambient = file.path.endsWith('.d.ts')
  visit(file, (node) => {
    const problem = formProblem(node, ambient)
    if (problem !== undefined) violations.push(violationAt(file, node, problem))
  })
  return violations
}

function formProblem(node: ts.Node, ambient: boolean): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'uses any: take unknown, and parse it'
  if (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent)) {
    return 'has a default export: give it a name'
  }
  if (ts.isExportAssignment(node)) return 'has a default export: give it a name'
  if (ts.isEnumDeclaration(node)) return 'declares an enum: take a union of literals'
  if (ts.isModuleDeclaration(node) && !ambient) return 'declares a namespace: a file is one'
  return undefined
}

const silenced = /^\s*(?:\/\/+|\/?\*+)\s*@ts-(ignore|nocheck)/gm

/** No comment that silences the compiler; what must not compile says so with `@ts-expect-error`. */
export function silencedErrors({ path, text }: TextFile): Violation[] {
  return [...text.matchAll(silenced)].map((found) => ({
    path,
    line: text.slice(0, found.index).split('\n').length,
    message: `silences the compiler with @ts-${found[1]}`,
  }))
}

/** Nothing in the daemon, the SDK and the plugins writes past the log: stdout carries the protocol. */
export function consoleUse(file: SourceFile): Violation[] {
  if (!/^(daemon|sdk|plugins)\//.test(file.path)) return []
  const violations: Violation[] = []
  visit(file, (node) => {
    if (!ts.isIdentifier(node) || node.text !== 'console') return
    const { parent } = node
    const named = ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)
    if (named && parent.name === node) return
    violations.push(violationAt(file, node, 'uses console'))
  })
  return violations
}

/** No state of a module that changes: parts get theirs through constructors. */
export function moduleState(file: SourceFile): Violation[] {
  if (!/^(daemon|sdk|plugins)\//.test(file.path)) return []
  return file.ast.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .filter(({ declarationList }) => (declarationList.flags & ts.NodeFlags.Const) === 0)
    .map((statement) => violationAt(file, statement, 'has a variable at its top level'))
}

const vagueName = /(^|\/)(utils?|helpers?|common|types?|misc)\.m?[jt]s$/
const fileName = /(^|\/)[a-z0-9]+(-[a-z0-9]+)*(\.(test|types|d))?\.m?[jt]s$/

/** A file is named for what it holds, in kebab case. */
export function fileNames({ path }: TextFile): Violation[] {
  // The protocol's file about record types is named like the others of its folder.
  if (vagueName.test(path) && path !== 'sdk/protocol/types.ts') {
    return [{ path, message: 'is named for nothing: name it for what it holds' }]
  }
  if (/\.m?[jt]s$/.test(path) && !fileName.test(path)) {
    return [{ path, message: 'is not named in kebab case' }]
  }
  return []
}

/** Written in parts, so that this file does not hold them. */
const unwelcome = [
  ['/wo', 'rk/'],
  ['/fa', 'rm/'],
  ['/tmp/', 'lab'],
  ['/tmp/', 'orion/'],
  ['\\bC', 'EO\\b'],
  ['\\bAI-', 'generated\\b'],
].map((parts) => new RegExp(parts.join(''), 'i'))

/** No path of the place where this was written, and no word about who wrote it. */
export function unwelcomeWords({ path, text }: TextFile): Violation[] {
  return text.split('\n').flatMap((line, index) => {
    const found = unwelcome.map((word) => word.exec(line)?.[0]).find((word) => word !== undefined)
    if (found === undefined) return []
    return [{ path, line: index + 1, message: `holds ${JSON.stringify(found)}` }]
  })
}

/** The lock file names no host: whoever installs takes the packages from the registry of their own. */
export function lockedHosts({ path, text }: TextFile): Violation[] {
  if (!path.endsWith('package-lock.json') || !text.includes('"resolved"')) return []
  return [
    { path, message: 'holds download addresses: install with omit-lockfile-registry-resolved' },
  ]
}
