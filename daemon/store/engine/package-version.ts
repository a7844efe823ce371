import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The version of the package that has `file` in its `dist`, as its package.json says; for messages alone. */
export function versionBeside(file: string): string {
  try {
    const text = readFileSync(path.join(path.dirname(file), '..', 'package.json'), 'utf8')
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && 'version' in parsed
      ? String(parsed.version)
      : 'of unknown version'
  } catch {
    return 'of unknown version' // Without package.json the rest of the message still helps.
  }
}
