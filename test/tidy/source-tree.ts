/** The project's own files, read and parsed once, as the tidy rules see them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** A file of the project. `path` is relative to its root, with slashes. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** A file of TypeScript or JavaScript. */
export interface SourceFile extends TextFile {
  readonly ast: ts.SourceFile
}

/** One breach of one rule. */
export interface Violation {
  readonly path: string
  /** From 1 up. */
  readonly line?: number
  readonly message: string
}

/** Folders that hold no files of ours. */
const foreign: ReadonlySet<string> = new Set([
  'node_modules',
  'dist',
  '.git',
  '.orion',
  'coverage',
  '.cache',
])
const textEndings = /\.(ts|mts|mjs|js|json|md|lua|el|py|yml|yaml)$|(^|\/)(run|LICENSE|\.[a-z]+)$/

/** Every text file of the project. */
export function readTexts(root: string): readonly TextFile[] {
  return walk(root, '')
    .filter((path) => textEndings.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return foreign.has(entry.name) ? [] : walk(root, path)
    return entry.isFile() ? [path] : []
  })
}

/** The files that are source, parsed. */
export function parseSources(texts: readonly TextFile[]): readonly SourceFile[] {
  return texts.filter(({ path }) => /\.(ts|mts|mjs|js)$/.test(path)).map(parseSource)
}

/** Parses one file. */
export function parseSource({ path, text }: TextFile): SourceFile {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return { path, text, ast }
}

/** A breach at a node. */
export function violationAt(file: SourceFile, node: ts.Node, message: string): Violation {
  return { path: file.path, line: lineOf(file, node.getStart(file.ast)), message }
}

/** The line of an offset, from 1 up. */
export function lineOf(file: SourceFile, offset: number): number {
  return file.ast.getLineAndCharacterOfPosition(offset).line + 1
}

/** Visits every node of a file, outer ones first. */
export function visit(file: SourceFile, look: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    look(node)
    ts.forEachChild(node, step)
  }
  step(file.ast)
}

/** A violation as one line for people. */
export function told({ path, line, message }: Violation): string {
  return line === undefined ? `${path}: ${message}` : `${path}:${line}: ${message}`
}
