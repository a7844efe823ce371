import {
  type Disposable,
  EventEmitter,
  type TextDocumentContentProvider,
  type Uri,
  workspace,
} from 'vscode'
import { isOrionError } from '../../../../sdk/errors.ts'
import type { Record } from '../../../../sdk/model.ts'
import { GetRecord, RecordHistory } from '../../../../sdk/protocol/records.ts'
import { GetType } from '../../../../sdk/protocol/types.ts'
import { textAt } from '../model/data-access.ts'
import { problemOf } from '../model/problem.ts'
import type { RecordAddress } from '../model/record-address.ts'
import {
  comparedText,
  problemDocument,
  type RecordDocument,
  recordDocument,
} from '../model/record-document.ts'
import { RefreshScheduler } from '../model/refresh-scheduler.ts'
import { runLogOf } from '../model/run-log.ts'
import type { StoreSession } from '../views/store-session.ts'
import { addressOf, readScheme } from './documents.ts'
import type { ProposalReviews } from './proposal-reviews.ts'
import type { Stores } from './stores.ts'

/** Shows records as documents to be read, and keeps those that are open current. */
export class RecordDocuments implements TextDocumentContentProvider, Disposable {
  readonly #stores: Stores
  readonly #emitter = new EventEmitter<Uri>()
  readonly #registrations: Disposable[]
  /** Documents that show another state than there is. */
  readonly #stale = new Set<string>()
  readonly #scheduler: RefreshScheduler
  /** Of documents that are open, where their versions stand. */
  readonly #shown = new Map<string, RecordDocument>()
  readonly #reviews: ProposalReviews

  readonly onDidChange = this.#emitter.event

  constructor(stores: Stores, reviews: ProposalReviews, report: (error: unknown) => void) {
    this.#stores = stores
    this.#reviews = reviews
    this.#scheduler = new RefreshScheduler(async () => this.#drawStale(), {
      intervalMs: redrawMs,
      onError: report,
    })
    this.#registrations = [
      workspace.registerTextDocumentContentProvider(readScheme, this),
      workspace.onDidCloseTextDocument(({ uri }) => this.#shown.delete(uri.toString())),
      stores.onChange(({ session, event }) => this.#note(session, event)),
    ]
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const address = addressOf(uri)
    if (address === undefined)
      return problemDocument('This is no address of a record.', 'Open it from a view.')
    const session = this.#stores.find(address.store)
    if (session?.link.client === undefined) {
      return problemDocument(
        'There is no connection to the store of this record.',
        'Open its folder in this window; the document is read as soon as there is a connection.',
      )
    }
    try {
      if (address.version !== undefined) return await versionText(session, address)
      const document =
        address.type === 'Proposal'
          ? await this.#reviews.document(session, address)
          : await readDocument(session, address)
      this.#shown.set(uri.toString(), document)
      return document.text
    } catch (error) {
      const { message, remedy } = problemOf(error)
      return problemDocument(message, remedy)
    }
  }

  /** Where the versions stand in a document that is open. */
  shown(uri: Uri): RecordDocument | undefined {
    return this.#shown.get(uri.toString())
  }

  dispose(): void {
    for (const one of this.#registrations) one.dispose()
    this.#scheduler.dispose()
    this.#emitter.dispose()
  }

  #note(
    session: StoreSession,
    event: { readonly type?: string; readonly id?: string } | undefined,
  ) {
    for (const { uri } of workspace.textDocuments) {
      if (uri.scheme !== readScheme) continue
      const address = addressOf(uri)
      if (address?.store !== session.place.key || address.version !== undefined) continue
      const isSame = event?.type === address.type && event.id === address.id
      if (event !== undefined && !isSame && !this.#reviews.concerns(uri, event)) continue
      this.#stale.add(uri.toString())
    }
    if (this.#stale.size > 0) this.#scheduler.request()
  }

  #drawStale(): void {
    for (const { uri } of workspace.textDocuments) {
      if (this.#stale.has(uri.toString())) this.#emitter.fire(uri)
    }
    this.#stale.clear()
  }
}

/** Least time between two looks at documents that are open, in milliseconds. */
const redrawMs = 500
/** Versions that are listed in a document. */
const historyLimit = 50

async function readDocument(
  { client }: StoreSession,
  { type, id }: RecordAddress,
): Promise<RecordDocument> {
  const [record, history, fields] = await Promise.all([
    client.request(GetRecord, { type, id }),
    client.request(RecordHistory, { type, id, limit: historyLimit }),
    fieldsOf(client, type),
  ])
  const more = history.next !== undefined
  const note = await failureNote(client, record)
  const noted = note === undefined ? {} : { note }
  return recordDocument({ record, history: history.versions, more, fields, ...noted })
}

/** Of a job that failed: the end of its error output, as its log has it. */
async function failureNote(client: StoreSession['client'], record: Record) {
  if (record.type !== 'JobResult' || record.data.status === 'SUCCESS') return undefined
  try {
    const log = await runLogOf(client, record)
    const text = log === undefined ? '' : textAt(log.data, 'error')
    return text === '' ? undefined : { title: 'how it ended', text }
  } catch (error) {
    // Logs are not for this reader; the result is.
    if (isOrionError(error)) return undefined
    throw error
  }
}

async function versionText({ client }: StoreSession, address: RecordAddress): Promise<string> {
  const { type, id, version } = address
  const [record, fields] = await Promise.all([
    client.request(GetRecord, { type, id, ...(version === undefined ? {} : { version }) }),
    fieldsOf(client, type),
  ])
  return comparedText(record.data, fields)
}

/** The names of the fields of a type, in its order; none when nobody may know. */
async function fieldsOf(client: StoreSession['client'], type: string): Promise<readonly string[]> {
  try {
    return Object.keys((await client.request(GetType, { type })).fields)
  } catch {
    return [] // The record itself tells what is wrong.
  }
}
