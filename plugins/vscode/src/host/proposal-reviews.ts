import {
  commands,
  type Disposable,
  EventEmitter,
  type TextDocument,
  type TextDocumentContentProvider,
  Uri,
  window,
  workspace,
} from 'vscode'
import { isOrionError } from '../../../../sdk/errors.ts'
import type { JsonObject } from '../../../../sdk/json.ts'
import type { Event } from '../../../../sdk/model.ts'
import { DiffProposal, type ProposalDifference } from '../../../../sdk/protocol/proposals.ts'
import { GetRecord, RecordHistory } from '../../../../sdk/protocol/records.ts'
import { operationTitle, proposalLines, sidesOf, voidReason } from '../model/proposal-document.ts'
import type { RecordAddress } from '../model/record-address.ts'
import { comparedText, type RecordDocument, withHistory } from '../model/record-document.ts'
import { RefreshScheduler } from '../model/refresh-scheduler.ts'
import { plainLine } from '../model/visible-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import { addressOf, proposalScheme, readUri } from './documents.ts'
import type { Stores } from './stores.ts'

/**
 * Proposals that somebody looks at: what was shown of each, so that a review is of what was seen, and so that whoever looks at
 * one that is void meanwhile is told.
 */
export class ProposalReviews implements TextDocumentContentProvider, Disposable {
  readonly #stores: Stores
  readonly #registrations: Disposable[]
  readonly #emitter = new EventEmitter<Uri>()
  /** What the document that is open shows; by its address. */
  readonly #seen = new Map<string, ProposalDifference>()
  /** What the differences that are open show; by the address of the document. */
  readonly #compared = new Map<string, Compared>()
  /** Differences that may not be what there is. */
  readonly #stale = new Set<string>()
  readonly #scheduler: RefreshScheduler

  readonly onDidChange = this.#emitter.event

  constructor(stores: Stores, report: (error: unknown) => void) {
    this.#stores = stores
    this.#scheduler = new RefreshScheduler(async () => await this.#lookAgain(), {
      intervalMs: lookAgainMs,
      onError: report,
    })
    this.#registrations = [
      workspace.registerTextDocumentContentProvider(proposalScheme, this),
      workspace.onDidCloseTextDocument(({ uri }) => this.#closed(uri)),
      stores.onChange(({ session, event }) => this.#note(session, event)),
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

  /** What the open document of a proposal shows, or else its differences; undefined when none is open. */
  seen(address: RecordAddress): ProposalDifference | undefined {
    const key = readUri(address).toString()
    return this.#seen.get(key) ?? this.#compared.get(key)?.seen
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
    this.#compared.set(readUri(address).toString(), { address, seen })
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
    const address = addressOf(uri)
    const session = address === undefined ? undefined : this.#stores.find(address.store)
    if (address === undefined || session?.link.client === undefined) {
      return 'There is no connection to the store.\n'
    }
    const known = this.#compared.get(readUri(address).toString())?.seen
    const seen = known ?? (await session.client.request(DiffProposal, { id: address.id }))
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
    this.#scheduler.dispose()
    this.#emitter.dispose()
  }

  #note(session: StoreSession, event: Event | undefined): void {
    for (const [key, { address, seen }] of this.#compared) {
      if (address.store !== session.place.key) continue
      const isOf = ({ type, id }: { readonly type: string; readonly id: string }): boolean =>
        event?.type === type && event.id === id
      if (event === undefined || isOf(address) || seen.operations.some(isOf)) this.#stale.add(key)
    }
    if (this.#stale.size > 0) this.#scheduler.request()
  }

  /** Differences that are open show what there is, and who looks at them is told when that is void. */
  async #lookAgain(): Promise<void> {
    const keys = [...this.#stale]
    this.#stale.clear()
    for (const key of keys) {
      const compared = this.#compared.get(key)
      const session = this.#stores.find(compared?.address.store ?? '')
      if (compared === undefined || session === undefined || !session.isReady) continue
      const { address, seen: before } = compared
      const seen = await session.client.request(DiffProposal, { id: address.id })
      this.#compared.set(key, { address, seen })
      // The document tells it, if it is open, too.
      if (!this.#seen.has(key)) void this.#tellVoid(address, before, seen)
      for (const { uri } of openDifferences(key)) this.#emitter.fire(uri)
    }
  }

  #closed(uri: Uri): void {
    this.#seen.delete(uri.toString())
    const address = uri.scheme === proposalScheme ? addressOf(uri) : undefined
    if (address === undefined) return
    const key = readUri(address).toString()
    if (openDifferences(key).every((one) => one.uri.toString() === uri.toString())) {
      this.#compared.delete(key)
    }
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

interface Compared {
  readonly address: RecordAddress
  readonly seen: ProposalDifference
}

/** The documents of the differences of one proposal. */
function openDifferences(key: string): TextDocument[] {
  return workspace.textDocuments.filter(({ uri }) => {
    const address = uri.scheme === proposalScheme ? addressOf(uri) : undefined
    return address !== undefined && readUri(address).toString() === key
  })
}

/** Least time between two looks at differences that are open, in milliseconds. */
const lookAgainMs = 500
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
