/** Making, editing and putting away records. */
import { window, workspace } from 'vscode'
import { isOrionError } from '../../../../sdk/errors.ts'
import type { RequestDefinition } from '../../../../sdk/protocol/define.ts'
import {
  ArchiveRecord,
  DeleteRecord,
  GetRecord,
  RestoreRecord,
} from '../../../../sdk/protocol/records.ts'
import { ListTypes } from '../../../../sdk/protocol/types.ts'
import { uuidV7 } from '../../../../sdk/uuid-v7.ts'
import { shortTime } from '../model/instants.ts'
import type { RecordAddress } from '../model/record-address.ts'
import { plainLine, visibleLine } from '../model/visible-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import { editUri } from './documents.ts'
import type { Stores } from './stores.ts'

/** Opens a record to be edited. */
export async function editRecord(address: RecordAddress): Promise<void> {
  const { store, type, id } = address
  const document = await workspace.openTextDocument(editUri({ store, type, id }))
  await window.showTextDocument(document, { preview: false })
}

/** Asks for a type, and opens the beginning of a record of it. Nothing is there until it is saved. */
export async function newRecord(stores: Stores): Promise<void> {
  const session = await chooseSession(stores)
  if (session === undefined) return
  const { types } = await session.client.request(ListTypes, {})
  const items = types
    .filter(({ name }) => name !== 'Proposal')
    .map(({ name, description }) => ({
      label: name,
      ...(description === undefined ? {} : { detail: plainLine(description, 160) }),
    }))
  const chosen = await window.showQuickPick(items, {
    title: 'New Record',
    placeHolder: 'Which type of record?',
    matchOnDetail: true,
  })
  if (chosen === undefined) return
  await editRecord({ store: session.place.key, type: chosen.label, id: uuidV7() })
}

/** Puts a record away, after a question. */
export async function archiveRecord(stores: Stores, address: RecordAddress): Promise<void> {
  await moveRecord(stores, address, {
    definition: ArchiveRecord,
    verb: 'Archive',
    detail: 'Lists leave it out from now on. It can be restored.',
  })
}

/** Deletes a record, after a question. */
export async function deleteRecord(stores: Stores, address: RecordAddress): Promise<void> {
  await moveRecord(stores, address, {
    definition: DeleteRecord,
    verb: 'Delete',
    detail: 'It is marked as deleted, with its history. It can be restored.',
  })
}

/** Makes a record active again. */
export async function restoreRecord(stores: Stores, address: RecordAddress): Promise<void> {
  await moveRecord(stores, address, {
    definition: RestoreRecord,
    verb: 'Restore',
    detail: 'It is active again, as it was last.',
  })
}

interface Move {
  readonly definition: RequestDefinition<typeof DeleteRecord.params, typeof DeleteRecord.result>
  readonly verb: string
  readonly detail: string
}

/** The question names the version that is looked at, and only that one is moved. */
async function moveRecord(stores: Stores, address: RecordAddress, move: Move): Promise<void> {
  const session = stores.find(address.store)
  if (session === undefined) return
  const { type, id } = address
  const { definition, verb, detail } = move
  for (let again = false; ; again = true) {
    const record = await session.client.request(GetRecord, { type, id })
    const changed = `version ${record.version}, by ${visibleLine(record.updatedBy, 60)}, ${shortTime(record.updatedAt, new Date())}`
    const first = again ? 'Somebody has changed it meanwhile. ' : ''
    const question = `${first}${verb} ${type} ${plainLine(id, 80)}?`
    const answer = await window.showWarningMessage(
      question,
      { modal: true, detail: `${changed}\n\n${detail}` },
      verb,
    )
    if (answer !== verb) return
    try {
      const expectedVersion = record.version
      await session.client.request(definition, { type, id, expectedVersion })
      return
    } catch (error) {
      if (!isOrionError(error, 'conflict') || error.data.reason !== 'version') throw error
    }
  }
}

async function chooseSession(stores: Stores): Promise<StoreSession | undefined> {
  const ready = stores.sessions.filter(({ link }) => link.client !== undefined)
  const [only, ...others] = ready
  if (others.length === 0) return only
  const items = ready.map((session) => ({ label: plainLine(session.place.name, 60), session }))
  return (await window.showQuickPick(items, { placeHolder: 'In which store?' }))?.session
}
