import {
  CodeLens,
  type CodeLensProvider,
  type Disposable,
  EventEmitter,
  languages,
  Range,
  type TextDocument,
  type Uri,
  window,
} from 'vscode'
import { voidReason } from '../model/proposal-document.ts'
import type { RecordAddress } from '../model/record-address.ts'
import type { Conflicts } from './conflicts.ts'
import { addressOf, editScheme, readScheme } from './documents.ts'
import type { ProposalReviews } from './proposal-reviews.ts'
import type { RecordDocuments } from './record-documents.ts'

/**
 * What can be done, above the lines it is about. The commands and their arguments are made here, of addresses and version
 * numbers: nothing that a record says becomes one.
 */
export class RecordLenses implements CodeLensProvider, Disposable {
  readonly #documents: RecordDocuments
  readonly #reviews: ProposalReviews
  readonly #conflicts: Conflicts
  readonly #emitter = new EventEmitter<void>()
  readonly #registrations: Disposable[]

  readonly onDidChangeCodeLenses = this.#emitter.event

  constructor(parts: {
    readonly documents: RecordDocuments
    readonly reviews: ProposalReviews
    readonly conflicts: Conflicts
  }) {
    this.#documents = parts.documents
    this.#reviews = parts.reviews
    this.#conflicts = parts.conflicts
    this.#registrations = [
      languages.registerCodeLensProvider([{ scheme: readScheme }, { scheme: editScheme }], this),
      parts.conflicts.onMet(() => this.#emitter.fire()),
      window.onDidChangeActiveTextEditor(() => this.#emitter.fire()),
    ]
  }

  provideCodeLenses({ uri, lineCount }: TextDocument): CodeLens[] {
    const address = addressOf(uri)
    if (address === undefined || address.version !== undefined) return []
    if (uri.scheme === editScheme) return this.#editLenses(uri, address)
    const shown = this.#documents.shown(uri)
    const versions = (shown?.versions ?? [])
      .filter(({ line }) => line < lineCount)
      .flatMap(({ line, version, before }) =>
        before === undefined
          ? []
          : [lens(line, `compare ${before} ↔ ${version}`, compare, [address, before, version])],
      )
    return [...this.#headLenses(address), ...versions]
  }

  dispose(): void {
    for (const one of this.#registrations) one.dispose()
    this.#emitter.dispose()
  }

  #editLenses(uri: Uri, address: RecordAddress): CodeLens[] {
    const history = lens(0, '$(history) Show History', 'orion.record.open', [address])
    if (!this.#conflicts.has(uri)) return [history]
    return [
      lens(0, '$(git-merge) Merge', 'orion.conflict.merge', [address]),
      lens(0, 'Take Mine', 'orion.conflict.takeMine', [address]),
      lens(0, 'Take Theirs', 'orion.conflict.takeTheirs', [address]),
      lens(0, '$(diff-multiple) Compare', 'orion.conflict.compare', [address]),
      history,
    ]
  }

  #headLenses(address: RecordAddress): CodeLens[] {
    if (address.type !== 'Proposal') {
      const edit = lens(0, '$(edit) Edit', 'orion.record.edit', [address])
      const log = lens(0, '$(output) Show the Log of the Run', 'orion.job.log', [address])
      return address.type === 'JobResult' ? [log, edit] : [edit]
    }
    const difference = lens(0, '$(diff) Show Differences', 'orion.proposal.diff', [address])
    const seen = this.#reviews.seen(address)
    // What is void can't be decided about; its document says why.
    if (seen === undefined || voidReason(seen) !== undefined) return [difference]
    switch (seen.status) {
      case 'pending':
        return [
          difference,
          lens(0, '$(check) Approve…', 'orion.proposal.approve', [address]),
          lens(0, '$(close) Reject…', 'orion.proposal.reject', [address]),
        ]
      case 'approved':
        return [difference, lens(0, '$(play) Execute…', 'orion.proposal.execute', [address])]
      case 'draft':
        return [difference, lens(0, '$(arrow-up) Submit', 'orion.proposal.submit', [address])]
      default:
        return [difference]
    }
  }
}

const compare = 'orion.record.compareVersions'

function lens(line: number, title: string, command: string, args: readonly unknown[]): CodeLens {
  return new CodeLens(new Range(line, 0, line, 0), { title, command, arguments: [...args] })
}
