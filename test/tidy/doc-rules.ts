/** What has to be documented. */
import ts from 'typescript'
import { type SourceFile, type Violation, violationAt } from './source-tree.ts'

/** Every name that a file of the SDK or the daemon exports has a doc comment, or is a schema that a message is made of. */
export function undocumentedExports(file: SourceFile): Violation[] {
  if (!/^(sdk|daemon)\//.test(file.path)) return []
  const seen = new Set<string>()
  return file.ast.statements.filter(isExported).flatMap((statement) => {
    const names = namesOf(statement).filter((name) => !seen.has(name))
    // Of an overloaded function the first signature speaks for all.
    for (const name of names) seen.add(name)
    if (names.length === 0 || ts.getJSDocCommentsAndTags(statement).some(ts.isJSDoc)) return []
    if (file.path.startsWith('sdk/protocol/') && isSchema(statement)) return []
    return [violationAt(file, statement, `exports ${names.join(', ')} without a doc comment`)]
  })
}

function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false
  const modifiers = ts.getModifiers(statement) ?? []
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((declaration) => declaration.name.getText())
  }
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  return named && statement.name !== undefined ? [statement.name.text] : []
}

/** A constant, or the type that is inferred from one: its message says what it is for. */
function isSchema(statement: ts.Statement): boolean {
  if (ts.isVariableStatement(statement)) return true
  if (!ts.isTypeAliasDeclaration(statement)) return false
  return /^z\.(infer|input|output)</.test(statement.type.getText())
}
