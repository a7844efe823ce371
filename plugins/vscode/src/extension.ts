/** The beginning of the extension: makes its parts and registers what the editor may ask of them. */
import { commands, type ExtensionContext, type LogOutputChannel, window } from 'vscode'
import {
  archiveRecord,
  deleteRecord,
  editRecord,
  newRecord,
  restoreRecord,
} from './host/change-commands.ts'
import { Conflicts } from './host/conflicts.ts'
import { editUri } from './host/documents.ts'
import { logError, showProblem } from './host/errors-shown.ts'
import { Notices } from './host/notices.ts'
import {
  approveProposal,
  cancelProposal,
  executeProposal,
  rejectProposal,
  submitProposal,
} from './host/proposal-commands.ts'
import { ProposalReviews } from './host/proposal-reviews.ts'
import {
  chooseVersions,
  compareVersions,
  copyId,
  openRecord,
  openRunLog,
  recordOf,
} from './host/record-commands.ts'
import { RecordDocuments } from './host/record-documents.ts'
import { RecordFiles } from './host/record-files.ts'
import { RecordLenses } from './host/record-lenses.ts'
import { searchRecords } from './host/search-pick.ts'
import { readSettings } from './host/settings.ts'
import { StatusItem } from './host/status-item.ts'
import { createStore, enterToken, showMenu } from './host/store-commands.ts'
import { Stores } from './host/stores.ts'
import { isStoreNode, StoreTree } from './host/tree.ts'
import type { ViewName } from './views/store-session.ts'

/** Called by the editor once, when a folder with a store is opened or a view of Orion is looked at. */
export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel('Orion', { log: true })
  const report = (error: unknown): void => logError(error, log)
  const stores = new Stores(context, report)
  const intervalMs = readSettings().refreshMs
  const trees = viewNames.map((name) => new StoreTree(name, { stores, intervalMs, report }))
  const reviews = new ProposalReviews(stores, report)
  const documents = new RecordDocuments(stores, reviews, report)
  const conflicts = new Conflicts()
  const files = new RecordFiles(stores, conflicts)
  const lenses = new RecordLenses({ documents, reviews, conflicts })
  const shown = [documents, reviews, conflicts, files, lenses]
  context.subscriptions.push(log, stores, ...trees, ...shown)
  context.subscriptions.push(new StatusItem(stores), new Notices(stores))
  registerCommands({ context, log, stores, trees, reviews, conflicts })
  stores.start()
}

const viewNames: readonly ViewName[] = ['jobs', 'proposals', 'insights', 'patterns', 'log']

interface Parts {
  readonly context: ExtensionContext
  readonly log: LogOutputChannel
  readonly stores: Stores
  readonly trees: readonly StoreTree[]
  readonly reviews: ProposalReviews
  readonly conflicts: Conflicts
}

type Register = (name: string, run: (...args: unknown[]) => unknown) => void

function registerCommands(parts: Parts): void {
  const { context, log } = parts
  const register: Register = (name, run) => {
    const told = async (...args: unknown[]): Promise<void> => {
      try {
        await run(...args)
      } catch (error) {
        await showProblem(error, log)
      }
    }
    context.subscriptions.push(commands.registerCommand(name, told))
  }
  registerStoreCommands(register, parts)
  registerRecordCommands(register, parts)
}

function registerStoreCommands(register: Register, { context, log, stores, trees }: Parts): void {
  register('orion.connect', () => stores.retry())
  register('orion.createStore', () => createStore(stores))
  register('orion.setToken', () => enterToken(stores, context))
  register('orion.showMenu', () => showMenu(stores))
  register('orion.showOutput', () => log.show())
  register('orion.search', () => searchRecords(stores))
  register('orion.refresh', () => {
    stores.look()
    for (const session of stores.sessions) session.refresh()
  })
  register('orion.list.more', (target) => showMore(trees, target))
}

function registerRecordCommands(register: Register, parts: Parts): void {
  const { stores, reviews, conflicts, trees } = parts
  const about = (name: string, run: (address: Address) => unknown): void =>
    register(name, (target) => {
      const address = recordOf(chosenIn(trees, target))
      return address === undefined
        ? window.showInformationMessage('Choose a record in a view of Orion, or open one, first.')
        : run(address)
    })
  about('orion.record.open', (address) => openRecord(address))
  about('orion.record.compare', (address) => chooseVersions(stores, address))
  about('orion.record.copyId', copyId)
  about('orion.job.log', (address) => openRunLog(stores, address))
  about('orion.record.edit', editRecord)
  about('orion.record.archive', (address) => archiveRecord(stores, address))
  about('orion.record.delete', (address) => deleteRecord(stores, address))
  about('orion.record.restore', (address) => restoreRecord(stores, address))
  register('orion.record.create', () => newRecord(stores))
  register('orion.record.compareVersions', (target, before, after) => {
    const address = recordOf(target)
    if (address === undefined || typeof before !== 'number' || typeof after !== 'number') return
    return compareVersions(address, { before, after })
  })
  const desk = { stores, reviews }
  about('orion.proposal.diff', (address) => reviews.showDifference(address))
  about('orion.proposal.approve', (address) => approveProposal(desk, address))
  about('orion.proposal.reject', (address) => rejectProposal(desk, address))
  about('orion.proposal.execute', (address) => executeProposal(desk, address))
  about('orion.proposal.submit', (address) => submitProposal(desk, address))
  about('orion.proposal.cancel', (address) => cancelProposal(desk, address))
  about('orion.conflict.compare', (address) => conflicts.compare(editUri(address)))
  about('orion.conflict.takeMine', (address) => conflicts.takeMine(editUri(address)))
  about('orion.conflict.takeTheirs', (address) => conflicts.takeTheirs(editUri(address)))
  about('orion.conflict.merge', (address) => conflicts.merge(editUri(address)))
}

type Address = NonNullable<ReturnType<typeof recordOf>>

/** Continues a list, and draws the view it is in. */
function showMore(trees: readonly StoreTree[], target: unknown): void {
  if (isStoreNode(target)) for (const tree of trees) tree.showMore(target)
}

/** A key is pressed in a view, and names it: what it is about is what is chosen there. */
function chosenIn(trees: readonly StoreTree[], target: unknown): unknown {
  const tree = trees.find(({ name }) => name === target)
  return tree === undefined ? target : tree.view.selection[0]
}
