/** The addresses of documents, as the editor has them. */
import { Uri } from 'vscode'
import { addressParts, parseAddress, type RecordAddress } from '../model/record-address.ts'

/** Documents to be read: a record with its history, or one of its versions. */
export const readScheme = 'orion-record'
/** Documents to be edited: the data of a record. */
export const editScheme = 'orion'

/** One side of a conflict; its query names the document that is edited. */
export const sideScheme = 'orion-side'

/** One side of one operation of a proposal; its query names the proposal. */
export const proposalScheme = 'orion-proposal'

const readEnding = '.orion'
const editEnding = '.jsonc'

/** The document that shows a record, or the values of one of its versions. */
export function readUri(address: RecordAddress): Uri {
  return Uri.from({ scheme: readScheme, ...addressParts(address, readEnding) })
}

/** The document in which a record is edited. */
export function editUri(address: RecordAddress): Uri {
  return Uri.from({ scheme: editScheme, ...addressParts(address, editEnding) })
}

/** The record that a document is about; undefined when it is none of ours. */
export function addressOf(uri: Uri): RecordAddress | undefined {
  if (uri.scheme === sideScheme) {
    const of = new URLSearchParams(uri.query).get('of')
    return of === null ? undefined : addressOf(Uri.parse(of, true))
  }
  if (uri.scheme === proposalScheme) {
    const query = new URLSearchParams(uri.query)
    const [store, id] = [query.get('store'), query.get('id')]
    return store === null || id === null ? undefined : { store, type: 'Proposal', id }
  }
  if (uri.scheme === readScheme) return parseAddress(uri, readEnding)
  return uri.scheme === editScheme ? parseAddress(uri, editEnding) : undefined
}
