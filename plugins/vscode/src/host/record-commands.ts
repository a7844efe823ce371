/** Opening and comparing records. */
import { commands, env, type Uri, window, workspace } from 'vscode'
import { GetRecord, RecordHistory } from '../../../../sdk/protocol/records.ts'
import { counted, fullTime } from '../model/instants.ts'
import type { RecordAddress } from '../model/record-address.ts'
import { runLogOf } from '../model/run-log.ts'
import { plainLine } from '../model/visible-text.ts'
import { addressOf, readUri } from './documents.ts'
import type { Stores } from './stores.ts'
import { isStoreNode } from './tree.ts'

/** Opens a record as a document. */
export async function openRecord(
  address: RecordAddress,
  options = { preview: true },
): Promise<void> {
  const document = await workspace.openTextDocument(readUri(address))
  await window.showTextDocument(document, options)
}

/** Opens the log of the run that ended with a result. */
export async function openRunLog(stores: Stores, address: RecordAddress): Promise<void> {
  const session = stores.find(address.store)
  if (session === undefined) return
  const { type, id } = address
  const result = await session.client.request(GetRecord, { type, id })
  const log = await runLogOf(session.client, result)
  if (log !== undefined) return await openRecord({ ...address, type: log.type, id: log.id })
  await window.showInformationMessage(
    'There is no log of this run: `orion run` writes one, other programs may not.',
  )
}

/** Shows what differs between two versions of a record, in the editor's own way. */
export async function compareVersions(
  address: RecordAddress,
  versions: { readonly before: number; readonly after: number },
): Promise<void> {
  const { before, after } = versions
  const title = `${plainLine(address.id, 60)}: version ${before} ↔ ${after}`
  await commands.executeCommand(
    'vscode.diff',
    readUri({ ...address, version: before }),
    readUri({ ...address, version: after }),
    title,
  )
}

/** Asks for two versions, and shows what differs. */
export async function chooseVersions(stores: Stores, address: RecordAddress): Promise<void> {
  const session = stores.find(address.store)
  if (session === undefined) return
  const { type, id } = address
  const { versions } = await session.client.request(RecordHistory, { type, id, limit: 200 })
  if (versions.length < 2) {
    await window.showInformationMessage('There is one version alone: nothing to compare it with.')
    return
  }
  const items = versions.map(({ version, at, op, actor, changedFields, reason }) => ({
    label: `Version ${version}`,
    description: `${op} ${fullTime(at)} by ${plainLine(actor.principal, 40)}`,
    detail: plainLine([changedFields.join(', '), reason ?? ''].filter(Boolean).join(' — '), 120),
    version,
  }))
  const chosen = await window.showQuickPick(items, {
    title: `Compare Versions of ${plainLine(id, 60)}`,
    placeHolder: `${counted(items.length, 'version')}: choose two`,
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
  })
  if (chosen === undefined || chosen.length === 0) return
  const [first, second] = chosen.map(({ version }) => version).sort((a, b) => a - b)
  if (first === undefined) return
  const after = second ?? versions[0]?.version ?? first
  await compareVersions(address, { before: first, after })
}

/** Puts the id of a record on the clipboard. */
export async function copyId({ id }: RecordAddress): Promise<void> {
  await env.clipboard.writeText(id)
}

/** The record that a command is about: of the row or the document it was called on, or of the editor that is active. */
export function recordOf(target: unknown): RecordAddress | undefined {
  if (isStoreNode(target)) {
    const { record } = target.node.row
    if (record === undefined) return undefined
    return { store: target.session.place.key, type: record.type, id: record.id }
  }
  if (isAddress(target)) return target
  const uri = isUri(target) ? target : window.activeTextEditor?.document.uri
  return uri === undefined ? undefined : addressOf(uri)
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null
}

function isUri(value: unknown): value is Uri {
  return isObject(value) && typeof value.scheme === 'string' && typeof value.path === 'string'
}

function isAddress(value: unknown): value is RecordAddress {
  return (
    isObject(value) &&
    typeof value.store === 'string' &&
    typeof value.type === 'string' &&
    typeof value.id === 'string'
  )
}
