import {
  type DiskEvent,
  type DiskState,
  type DiskWrite,
  truncated,
  written,
} from './memory-disk.ts'

const sectorBytes = 512

/**
 * When a new or removed name is on disk: `strict` after a sync of the directory, as POSIX says;
 * `ext4` also after a sync of any file, because that commits the journal.
 */
export type NameModel = 'strict' | 'ext4'

/**
 * What may be on the disk when the power goes at any moment of a recorded run.
 *
 * What was synced is there. Of the rest anything may be: all of it, nothing, a prefix, or any part
 * of it with writes torn at 512 bytes; and names independently of contents.
 */
export class PowerCutStates {
  readonly #model: NameModel
  readonly #random: () => number
  readonly #contents = new Map<number, Content>()
  readonly #names = new Map<string, number>()
  #pendingNames: { readonly event: NameEvent; readonly index: number }[] = []
  #index = 0

  constructor(model: NameModel, random: () => number) {
    this.#model = model
    this.#random = random
  }

  /** Takes the next event of the run. */
  apply(event: DiskEvent): void {
    const index = this.#index
    this.#index += 1
    switch (event.kind) {
      case 'create':
        this.#contents.set(event.inode, { durable: Buffer.alloc(0), pending: [] })
        this.#pendingNames.push({ event, index })
        break
      case 'unlink':
      case 'rename':
        this.#pendingNames.push({ event, index })
        break
      case 'write':
      case 'truncate':
        this.#contents.get(event.inode)?.pending.push({ event, index })
        break
      case 'sync':
        this.#settle(event.inode, event.eventsBefore)
        if (this.#model === 'ext4') this.#settleNames(event.eventsBefore)
        break
      case 'sync-directory':
        this.#settleNames(index)
        break
      case 'acknowledge':
        break
      default:
        event satisfies never
    }
  }

  /** One possible state. The first variants are the extremes, those from 3 on are random. */
  state(variant: number): DiskState {
    const names = new Map(this.#names)
    for (const { event } of this.#pendingNames) {
      if (variant === 0 || (variant > 1 && this.#random() < 0.5)) applyName(names, event)
    }
    const files = new Map<string, Buffer>()
    for (const [name, inode] of names) {
      const content = this.#contents.get(inode)
      if (content !== undefined) files.set(name, this.#contentOf(content, variant))
    }
    return files
  }

  #contentOf({ durable, pending }: Content, variant: number): Buffer {
    if (variant === 1) return durable
    const isPrefix = variant === 0 || variant === 2
    const kept = variant === 2 ? Math.floor(this.#random() * (pending.length + 1)) : pending.length
    const chance = this.#random()
    let content = durable
    for (const { event } of pending.slice(0, kept)) {
      if (!isPrefix && this.#random() >= chance) continue
      const isTorn = !isPrefix && this.#random() < 0.5
      content =
        isTorn && event.kind === 'write' ? this.#torn(content, event) : changed(content, event)
    }
    return content
  }

  #torn(content: Buffer, { position, bytes }: DiskWrite): Buffer {
    let result = content
    for (let start = 0; start < bytes.length; ) {
      const sectorEnd = (Math.floor((position + start) / sectorBytes) + 1) * sectorBytes
      const end = Math.min(bytes.length, sectorEnd - position)
      if (this.#random() < 0.5) {
        result = written(result, { position: position + start, bytes: bytes.subarray(start, end) })
      }
      start = end
    }
    return result
  }

  #settle(inode: number, eventsBefore: number): void {
    const content = this.#contents.get(inode)
    if (content === undefined) return
    const settled = content.pending.filter(({ index }) => index < eventsBefore)
    content.pending = content.pending.filter(({ index }) => index >= eventsBefore)
    for (const { event } of settled) content.durable = changed(content.durable, event)
  }

  #settleNames(eventsBefore: number): void {
    for (const { event, index } of this.#pendingNames) {
      if (index < eventsBefore) applyName(this.#names, event)
    }
    this.#pendingNames = this.#pendingNames.filter(({ index }) => index >= eventsBefore)
  }
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

interface Content {
  durable: Buffer
  pending: { readonly event: ContentEvent; readonly index: number }[]
}

type NameEvent = Extract<DiskEvent, { kind: 'create' | 'unlink' | 'rename' }>
type ContentEvent = Extract<DiskEvent, { kind: 'write' | 'truncate' }>

function changed(content: Buffer, event: ContentEvent): Buffer {
  return event.kind === 'write' ? written(content, event) : truncated(content, event.size)
}

function applyName(names: Map<string, number>, event: NameEvent): void {
  if (event.kind === 'create') names.set(event.name, event.inode)
  else if (event.kind === 'unlink') names.delete(event.name)
  else {
    const inode = names.get(event.from)
    names.delete(event.from)
    if (inode !== undefined) names.set(event.to, inode)
  }
}
