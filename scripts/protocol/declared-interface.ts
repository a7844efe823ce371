/** What the sources say about the members of an interface, for tables: names, doc comments. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** One member of an interface. */
export interface DeclaredMember {
  readonly name: string
  /** Its doc comment as one line; empty when it has none. */
  readonly about: string
  /** Names of the members of its type, those that may be left out with a question mark. */
  readonly members: readonly string[]
}

/** Reads an interface from a source file of this project. @throws Error if there is none of this name. */
export function readInterface(path: string, name: string): DeclaredMember[] {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const declaration = findInterface(source, name)
  if (declaration === undefined) throw new Error(`expected an interface ${name} in ${path}`)
  return declaration.members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(source),
    about: aboutOf(member),
    members: member.type === undefined ? [] : membersOf(source, member.type),
  }))
}

function findInterface(source: ts.SourceFile, name: string): ts.InterfaceDeclaration | undefined {
  return source.statements
    .filter(ts.isInterfaceDeclaration)
    .find((statement) => statement.name.text === name)
}

function aboutOf(member: ts.PropertySignature): string {
  const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc)
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replace(/\s+/g, ' ')
}

/** Of an intersection all parts; of an interface of the same file its own members, not those it extends. */
function membersOf(source: ts.SourceFile, type: ts.TypeNode): string[] {
  if (ts.isIntersectionTypeNode(type)) return type.types.flatMap((part) => membersOf(source, part))
  if (ts.isTypeLiteralNode(type)) return namesOf(source, type.members)
  if (!ts.isTypeReferenceNode(type)) return []
  const name = type.typeName.getText(source)
  const declaration = common.has(name) ? undefined : findInterface(source, name)
  return declaration === undefined ? [] : namesOf(source, declaration.members)
}

/** What every error may carry is told once, not in each row. */
const common: ReadonlySet<string> = new Set(['CommonErrorData'])

function namesOf(source: ts.SourceFile, members: ts.NodeArray<ts.TypeElement>): string[] {
  return members
    .filter(ts.isPropertySignature)
    .map(({ name, questionToken }) => `${name.getText(source)}${questionToken ? '?' : ''}`)
}
