import {
  commands,
  type Disposable,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from 'vscode'
import { isOrionError } from '../../../../sdk/errors.ts'
import type { JsonObject } from '../../../../sdk/json.ts'
import { DiffProposal, type ProposalDifference } from '../../../../sdk/protocol/proposals.ts'
import { GetRecord, RecordHistory } from '../../../../sdk/protocol/records.ts'
import { operationTitle, proposalLines, sidesOf, voidReason } from '../model/proposal-document.ts'
import type { RecordAddress } from '../model/record-address.ts'
import { comparedText, type RecordDocument, withHistory } from '../model/record-document.ts'
import { plainLine } from '../model/visible-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import { proposalScheme, readUri } from './documents.ts'
import type { Stores } from './stores.ts'

/**
 * Proposals that somebody looks at: what was shown of each, so that a review is of what was seen, and so that whoever looks at
 * one that is void meanwhile is told.
 */
export class ProposalReviews implements TextDocumentContentProvider, Disposable {
  readonly #stores: Stores
  readonly #registrations: Disposable[]
  /** What the document that is open shows; by its address. */
  readonly #seen = new Map<string, ProposalDifference>()

  constructor(stores: Stores) {
    this.#stores = stores
    this.#registrations = [
      workspace.registerTextDocumentContentProvider(proposalScheme, this),
      workspace.onDidCloseTextDocument(({ uri }) => this.#seen.delete(uri.toString())),
      // Of an editor with several differences nothing else tells what it is about.
      window.onDidChangeActiveTextEditor((editor) => {
        const isReviewing = editor?.document.uri.scheme === proposalScheme
        void commands.executeCommand('setContext', 'orion.reviewing', isReviewing)
      }),
    ]
  }

  /** Makes the document of a proposal, and remembers what it shows. */
  async document(session: StoreSession, address: RecordAddress): Promise<RecordDocument> {
    const { type, id } = address
    const { client } = session
    const [record, seen, history] = await Promise.all([
      client.request(GetRecord, { type, id }),
      client.request(DiffProposal, { id }),
      client.request(RecordHistory, { type, id, limit: 50 }),
    ])
    const key = readUri(address).toString()
    const before = this.#seen.get(key)
    this.#seen.set(key, seen)
    if (before !== undefined) void this.#tellVoid(address, before, seen)
    const more = history.next !== undefined
    return withHistory(proposalLines(record, seen), { history: history.versions, more })
  }

  /** What the open document of a proposal shows; undefined when none is open. */
  seen(address: RecordAddress): ProposalDifference | undefined {
    return this.#seen.get(readUri(address).toString())
  }

  /** Whether what happened to a record changes what the document of a proposal shows. */
  concerns(uri: Uri, changed: { readonly type?: string; readonly id?: string }): boolean {
    const operations = this.#seen.get(uri.toString())?.operations ?? []
    return operations.some(({ type, id }) => type === changed.type && id === changed.id)
  }

  /** Shows what a proposal would change, each record before and after, in the editor’s own way. */
  async showDifference(address: RecordAddress): Promise<void> {
    const session = this.#stores.find(address.store)
    if (session === undefined) return
    const seen = await session.client.request(DiffProposal, { id: address.id })
    const shown = seen.operations.slice(0, differencesMax)
    const resources = shown.map((one, index) => {
      const name = plainLine(operationTitle(one), 80).replaceAll('/', '∕')
      const { store, id } = address
      // Both sides have one path: of two the editor would tell a renaming.
      const uriOf = (side: 'before' | 'after'): Uri =>
        Uri.from({
          scheme: proposalScheme,
          path: `/${index + 1} ${name}.orion`,
          query: new URLSearchParams({ store, id, index: `${index}`, side }).toString(),
        })
      return [uriOf('after'), uriOf('before'), uriOf('after')]
    })
    const reason = plainLine(seen.reason ?? seen.actionType, 60)
    await commands.executeCommand('vscode.changes', `Proposal: ${reason}`, resources)
    const hidden = seen.operations.length - shown.length
    if (hidden > 0) {
      await window.showWarningMessage(
        `The first ${shown.length} operations are shown, and ${hidden} are not: \`orion proposal diff\` prints all.`,
      )
    }
  }

  /** One side of one operation. */
  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const query = new URLSearchParams(uri.query)
    const session = this.#stores.find(query.get('store') ?? '')
    if (session?.link.client === undefined) return 'There is no connection to the store.\n'
    const seen = await session.client.request(DiffProposal, { id: query.get('id') ?? '' })
    const operation = seen.operations[Number(query.get('index'))]
    if (operation === undefined) return 'The proposal has no such operation any more.\n'
    const base = operation.base === null ? undefined : await baseOf(session, operation)
    const sides = sidesOf(operation, base)
    const isBefore = query.get('side') === 'before'
    if (isBefore && operation.op === 'create') return ''
    return comparedText(isBefore ? sides.before : sides.after)
  }

  dispose(): void {
    for (const one of this.#registrations) one.dispose()
  }

  /** Said once, when what is looked at stops being something that can be decided about. */
  async #tellVoid(
    address: RecordAddress,
    before: ProposalDifference,
    now: ProposalDifference,
  ): Promise<void> {
    const reason = voidReason(now)
    if (voidReason(before) !== undefined) return
    if (reason === undefined) {
      if (before.digest === now.digest || before.status === 'draft') return
      await window.showWarningMessage(
        'The proposal that you are looking at has been changed: what is shown now is another one.',
      )
      return
    }
    if (now.status === 'executed' || now.status === 'rejected') return
    const name = plainLine(now.reason ?? address.id, 60)
    await window.showWarningMessage(
      `The proposal that you are looking at (${name}) is void: ${plainLine(reason, 200)}. Ask for a new one.`,
    )
  }
}

/** An editor of more differences is of no use. */
const differencesMax = 100

async function baseOf(
  { client }: StoreSession,
  { type, id, base }: ProposalDifference['operations'][number],
): Promise<JsonObject | undefined> {
  try {
    const version = base === null ? {} : { version: base }
    return (await client.request(GetRecord, { type, id, ...version })).data
  } catch (error) {
    // Compacted away, or not for this reader: the fields that change are there all the same.
    if (isOrionError(error)) return undefined
    throw error
  }
}
