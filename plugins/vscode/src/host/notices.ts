import { commands, type Disposable, window } from 'vscode'
import type { Record } from '../../../../sdk/model.ts'
import { textAt } from '../model/data-access.ts'
import { failuresToTell, failureText, NoticeGate } from '../model/failure-notices.ts'
import { counted } from '../model/instants.ts'
import type { JobRun } from '../model/job-board.ts'
import { plainLine } from '../model/visible-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import { openRecord } from './record-commands.ts'
import { readSettings } from './settings.ts'
import type { StoreNews, Stores } from './stores.ts'

/** Tells of failures and of proposals that wait: as wished, and never more often than wished. */
export class Notices implements Disposable {
  readonly #stores: Stores
  readonly #registration: Disposable
  readonly #failures = new NoticeGate<Told<JobRun>>()
  readonly #proposals = new NoticeGate<Told<Record>>()
  #timer: NodeJS.Timeout | undefined

  constructor(stores: Stores) {
    this.#stores = stores
    this.#registration = stores.onNews((news) => this.#take(news))
  }

  dispose(): void {
    this.#registration.dispose()
    clearTimeout(this.#timer)
  }

  #take({ session, news }: StoreNews): void {
    const settings = readSettings()
    const failures = failuresToTell(news.failures, session.summary.jobs, settings)
    this.#failures.add(failures.map((item) => ({ session, item })))
    if (settings.proposals) {
      this.#proposals.add(news.proposals.map((item) => ({ session, item })))
    }
    this.#tell()
  }

  /** Tells what may be told now, and comes again for the rest. */
  #tell(): void {
    const now = performance.now()
    const everyMs = readSettings().everySeconds * 1_000
    clearTimeout(this.#timer)
    for (const [gate, show] of this.#gates()) {
      if (gate.isWaiting && gate.waitMs(now, everyMs) === 0) void show()
    }
    const waits = this.#gates().filter(([gate]) => gate.isWaiting)
    if (waits.length === 0) return
    const waitMs = Math.min(...waits.map(([gate]) => gate.waitMs(now, everyMs)))
    this.#timer = setTimeout(() => this.#tell(), waitMs + 1)
  }

  #gates(): readonly (readonly [NoticeGate<unknown>, () => Promise<void>])[] {
    return [
      [this.#failures, () => this.#showFailures()],
      [this.#proposals, () => this.#showProposals()],
    ]
  }

  async #showFailures(): Promise<void> {
    const { items, dropped } = this.#failures.take(performance.now())
    const [first, ...others] = items
    if (first === undefined) return
    const runs = items.map(({ item }) => item)
    const more = dropped === 0 ? '' : ` And ${counted(dropped, 'other')}.`
    const text = `${failureText(runs, this.#nameOf(items))}${more}`
    const offers = others.length === 0 ? [showResult, showJobs] : [showJobs]
    const chosen = await window.showWarningMessage(text, ...offers)
    if (chosen === showJobs) await commands.executeCommand('orion.jobs.focus')
    const { session, item } = first
    if (chosen === showResult) {
      await openRecord({ store: session.place.key, type: 'JobResult', id: item.id })
    }
  }

  async #showProposals(): Promise<void> {
    const { items, dropped } = this.#proposals.take(performance.now())
    const [first, ...others] = items
    if (first === undefined) return
    const { session, item } = first
    const name = plainLine(textAt(item.data, 'reason') || textAt(item.data, 'actionType'), 120)
    const where = this.#nameOf(items)
    const prefix = where === undefined ? '' : `${plainLine(where, 40)}: `
    const total = items.length + dropped
    const text =
      others.length === 0
        ? `${prefix}${plainLine(item.createdBy, 60)} proposes: ${name}`
        : `${prefix}${counted(total, 'proposal')} wait for you.`
    const chosen = await window.showInformationMessage(text, others.length === 0 ? review : showAll)
    if (chosen === showAll) await commands.executeCommand('orion.proposals.focus')
    if (chosen === review) {
      await openRecord({ store: session.place.key, type: 'Proposal', id: item.id })
    }
  }

  /** The name of the store, if there are several. */
  #nameOf(items: readonly Told<unknown>[]): string | undefined {
    if (this.#stores.sessions.length < 2) return undefined
    const names = [...new Set(items.map(({ session }) => session.place.name))]
    return names.join(', ')
  }
}

interface Told<T> {
  readonly session: StoreSession
  readonly item: T
}

const showResult = 'Show the Result'
const showJobs = 'Show Jobs'
const review = 'Review'
const showAll = 'Show Proposals'
