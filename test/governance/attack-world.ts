/** What the attacks on proposals are made in: one daemon, fresh proposals for each. */
import { createNote, type People, stored } from '../support/people.ts'
import type { Parsed, WireClient, WireError } from '../support/wire-client.ts'

/** What the error has to be: its code, and members of its data if they matter. */
export type Expected = readonly [code: number, data?: object]
/** One attempt: what it is, the refusal that is expected, and how it is made. */
export type Attack = readonly [
  name: string,
  expected: Expected,
  attempt: (world: AttackWorld) => Promise<WireError>,
]

/** A proposal that was handed in. */
export interface Pending {
  readonly id: string
  readonly digest: string
  /** The note that it would create, unless it was made of other operations. */
  readonly note: string
}

/** The people, and what the attacks do over and over. */
export class AttackWorld {
  readonly people: People
  #made = 0

  constructor(people: People) {
    this.people = people
  }

  /** A fresh id. */
  id(): string {
    this.#made += 1
    return `id${this.#made}`
  }

  async pending(by: WireClient = this.people.agent, operations?: Parsed[]): Promise<Pending> {
    const note = this.id()
    const asked = { operations: operations ?? [createNote(note)], submit: true }
    const { id, digest } = await by.call('proposal/create', asked)
    return { id, digest, note }
  }

  async approved(operations?: Parsed[]): Promise<Pending> {
    const pending = await this.pending(this.people.agent, operations)
    const { id, digest } = pending
    await this.people.reviewer.call('proposal/approve', { id, digest })
    return pending
  }

  async status(id: string): Promise<string> {
    return (await stored(this.people.owner, id)).data.status
  }

  /** A note of the owner's, at version 1. */
  async note(): Promise<string> {
    const id = this.id()
    await this.people.owner.call('record/create', { type: 'Note', id, data: { title: 'mine' } })
    return id
  }

  /** Tries to approve, and gives the refusal. */
  async cannotApprove(by: WireClient, { id, digest }: Pending): Promise<WireError> {
    const error = await by.refused('proposal/approve', { id, digest })
    const status = await this.status(id)
    if (status !== 'pending') throw new Error(`expected it to be pending still, it is ${status}`)
    return error
  }

  async exists(type: string, id: string): Promise<boolean> {
    const { error } = await this.people.owner.answer(
      this.people.owner.send('record/get', { type, id }),
    )
    return error === undefined
  }
}
