/** How records are named in the addresses of documents. An address is text alone: it never runs anything. */

/** Which record, in which store, and as what it is shown. */
export interface RecordAddress {
  /** The key of the store in this window. */
  readonly store: string
  readonly type: string
  readonly id: string
  /** An old version instead of the current one. */
  readonly version?: number
}

/** The parts of an address that the editor needs; the scheme is the caller's. */
export interface AddressParts {
  readonly path: string
  readonly query: string
}

/** `/OrionInsight/i-42` of a store; the ending tells the editor what to show. */
export function addressParts(address: RecordAddress, ending: string): AddressParts {
  const { store, type, id, version } = address
  const query = new URLSearchParams({ store })
  if (version !== undefined) query.set('version', String(version))
  const name = version === undefined ? encodeId(id) : `${encodeId(id)}@${version}`
  return { path: `/${type}/${name}${ending}`, query: query.toString() }
}

/** Reads an address; undefined when it is none of ours. */
export function parseAddress(parts: AddressParts, ending: string): RecordAddress | undefined {
  const [empty, type, name, ...more] = parts.path.split('/')
  if (empty !== '' || more.length > 0 || name === undefined) return undefined
  if (type === undefined || !/^[A-Z][A-Za-z0-9]{0,63}$/.test(type)) return undefined
  if (!name.endsWith(ending)) return undefined
  const query = new URLSearchParams(parts.query)
  const store = query.get('store')
  const version = query.get('version')
  const base = name.slice(0, name.length - ending.length)
  const id = decodeId(version === null ? base : base.slice(0, -(version.length + 1)))
  if (id === undefined || store === null) return undefined
  if (version === null) return { store, type, id }
  return /^[1-9]\d{0,15}$/.test(version) ? { store, type, id, version: Number(version) } : undefined
}

/**
 * An id as one name of a path. Editors tidy paths (`.`, `..`, slashes of both kinds) and compare names of some schemes
 * without case: all but plain characters are told by their codes, and case is kept.
 */
function encodeId(id: string): string {
  return id.replace(/[^\p{L}\p{N}_#:-]|^\.+/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `~${byte.toString(16).padStart(2, '0')}`).join(''),
  )
}

function decodeId(name: string): string | undefined {
  const bytes: number[] = []
  for (let i = 0; i < name.length; ) {
    const code = /^~([0-9a-f]{2})/.exec(name.slice(i, i + 3))?.[1]
    if (code !== undefined) {
      bytes.push(Number.parseInt(code, 16))
      i += 3
      continue
    }
    const character = String.fromCodePoint(name.codePointAt(i) ?? 0)
    bytes.push(...Buffer.from(character))
    i += character.length
  }
  const id = Buffer.from(bytes).toString('utf8')
  return id === '' || id.includes('\ufffd') ? undefined : id
}
