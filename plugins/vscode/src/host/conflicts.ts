import {
  commands,
  type Disposable,
  EventEmitter,
  Range,
  type TextDocument,
  type TextDocumentContentProvider,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode'
import { editDocument, rebased } from '../model/edit-document.ts'
import { jsonText } from '../model/jsonc-text.ts'
import { conflictsOf, mergedDocument } from '../model/merge-data.ts'
import type { SaveConflict } from '../model/save-record.ts'
import { plainLine } from '../model/visible-text.ts'
import { sideScheme } from './documents.ts'

/**
 * Saves that lost a race: what both began with, what was written here, and what somebody else has written, until one of them or
 * their merger is saved.
 */
export class Conflicts implements TextDocumentContentProvider, Disposable {
  readonly #conflicts = new Map<string, SaveConflict>()
  readonly #emitter = new EventEmitter<Uri>()
  readonly #registrations: Disposable[]

  readonly #metEmitter = new EventEmitter<void>()

  readonly onDidChange = this.#emitter.event
  /** A conflict has come up, or is over. */
  readonly onMet = this.#metEmitter.event

  constructor() {
    this.#registrations = [
      workspace.registerTextDocumentContentProvider(sideScheme, this),
      workspace.onDidCloseTextDocument(({ uri }) => this.settle(uri)),
    ]
  }

  /** Shows all three sides, and asks what to do. Resolves when it was answered. */
  async meet(uri: Uri, conflict: SaveConflict): Promise<void> {
    this.#conflicts.set(uri.toString(), conflict)
    this.#tellEditor()
    for (const about of sides) {
      for (const side of sides) this.#emitter.fire(sideUri(uri, side, about))
    }
    await this.compare(uri)
    const { current } = conflict
    const both = conflictsOf(conflict)
    const fields = both.map((name) => plainLine(name, 40)).join(', ')
    const about =
      both.length === 0
        ? 'You have changed different fields: they can be merged.'
        : `Both of you have changed ${fields}.`
    const chosen = await window.showWarningMessage(
      `${plainLine(current.updatedBy, 60)} was first: version ${current.version} was written while you edited ${conflict.version === 0 ? 'a new record' : `version ${conflict.version}`}. ${about}`,
      'Merge',
      'Take Mine',
      'Take Theirs',
    )
    if (chosen === 'Merge') await this.merge(uri)
    else if (chosen === 'Take Mine') await this.takeMine(uri)
    else if (chosen === 'Take Theirs') await this.takeTheirs(uri)
  }

  /** Shows what each side has changed, beside each other. */
  async compare(uri: Uri): Promise<void> {
    const conflict = this.#conflicts.get(uri.toString())
    if (conflict === undefined) return
    const { version, current } = conflict
    const who = plainLine(current.updatedBy, 40)
    await commands.executeCommand(
      'vscode.changes',
      `Conflict: ${plainLine(current.id, 60)}`,
      conflict.base === undefined
        ? [comparison(uri, 'mine', 'theirs')]
        : [comparison(uri, 'mine', 'base'), comparison(uri, 'theirs', 'base')],
    )
    window.setStatusBarMessage(
      `Left: version ${version}. First what you changed, then what ${who} changed (version ${current.version})`,
      tellMs,
    )
  }

  /** Keeps my text, based on their version, and saves it: what they changed is replaced, and stays in the history. */
  async takeMine(uri: Uri): Promise<void> {
    const conflict = this.#conflicts.get(uri.toString())
    if (conflict === undefined) return
    const document = await workspace.openTextDocument(uri)
    await replaceText(document, rebased(document.getText(), conflict.current.version))
    await document.save()
  }

  /** Takes their text; mine is in the editor’s undo. */
  async takeTheirs(uri: Uri): Promise<void> {
    const conflict = this.#conflicts.get(uri.toString())
    if (conflict === undefined) return
    const document = await workspace.openTextDocument(uri)
    await replaceText(document, editDocument(conflict.current, conflict.theirs))
    await document.save()
  }

  /** Brings both together. Without fields that both have changed it is saved; else the editor offers them one by one. */
  async merge(uri: Uri): Promise<void> {
    const conflict = this.#conflicts.get(uri.toString())
    if (conflict === undefined) return
    const { current } = conflict
    const who = `Theirs (version ${current.version}, by ${plainLine(current.updatedBy, 60)})`
    const document = await workspace.openTextDocument(uri)
    await replaceText(document, mergedDocument(current, conflict, who))
    await window.showTextDocument(document, { preview: false })
    if (conflictsOf(conflict).length === 0) await document.save()
  }

  /** Whether a document has one. */
  has(uri: Uri): boolean {
    return this.#conflicts.has(uri.toString())
  }

  /** It is over. */
  settle(uri: Uri): void {
    if (this.#conflicts.delete(uri.toString())) this.#tellEditor()
  }

  /** The text of one side. */
  provideTextDocumentContent(uri: Uri): string {
    const { side, of } = parseSide(uri)
    const conflict = this.#conflicts.get(of)
    if (conflict === undefined) return 'This conflict is settled.\n'
    const data = conflict[side]
    return data === undefined
      ? 'The version that both began with is not remembered any more.\n'
      : `${jsonText(data)}\n`
  }

  dispose(): void {
    for (const one of this.#registrations) one.dispose()
    this.#emitter.dispose()
    this.#metEmitter.dispose()
  }

  /** The commands are offered where there is a conflict. */
  #tellEditor(): void {
    const paths = [...this.#conflicts.keys()].map((key) => Uri.parse(key, true).path)
    void commands.executeCommand('setContext', 'orion.conflicts', paths)
    void commands.executeCommand('setContext', 'orion.inConflict', paths.length > 0)
    this.#metEmitter.fire()
  }
}

const sides = ['base', 'mine', 'theirs'] as const
type Side = (typeof sides)[number]
const tellMs = 15_000

/** One row of what is compared, as the editor takes it: what it is about, before, after. */
function comparison(uri: Uri, about: Side, before: Side): [Uri, Uri, Uri] {
  const after = sideUri(uri, about, about)
  return [after, sideUri(uri, before, about), after]
}

/** Both sides of a comparison have one path, named for what it is about: of two the editor would tell a renaming. */
function sideUri(uri: Uri, side: Side, about: Side): Uri {
  const name = uri.path.split('/').at(-1) ?? ''
  const query = new URLSearchParams({ side, of: uri.toString() })
  return Uri.from({ scheme: sideScheme, path: `/${about}/${name}`, query: query.toString() })
}

function parseSide(uri: Uri): { readonly side: Side; readonly of: string } {
  const query = new URLSearchParams(uri.query)
  const side = sides.find((name) => name === query.get('side')) ?? 'base'
  return { side, of: query.get('of') ?? '' }
}

async function replaceText(document: TextDocument, text: string): Promise<void> {
  const edit = new WorkspaceEdit()
  const all = new Range(0, 0, document.lineCount, 0)
  edit.replace(document.uri, document.validateRange(all), text)
  await workspace.applyEdit(edit)
}
