import type { RecordAddress } from '../../../plugins/vscode/src/model/record-address.ts'
import { storePlaces } from '../../../plugins/vscode/src/model/store-places.ts'

/** What the commands of the extension take for a record in the store of a folder. */
export function addressIn(folder: string, type: string, id: string): RecordAddress {
  const { places } = storePlaces([{ path: folder, name: folder, store: '' }], process.env)
  const [place] = places
  if (place === undefined) throw new Error(`expected a store in ${folder}`)
  return { store: place.key, type, id }
}
