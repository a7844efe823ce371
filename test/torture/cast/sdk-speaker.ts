/** The way of an agent: the SDK, which reconnects, repeats and resumes by itself. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../../sdk/client/client.ts'
import { connect } from '../../../sdk/client/connect.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import * as records from '../../../sdk/protocol/records.ts'
import { connectSocket } from '../../../sdk/transport/socket.ts'
import type { Transport } from '../../../sdk/transport/transport.ts'
import { type Address, No, NobodyKnows, type Speaker } from './speaker.ts'

/** Connects to whatever daemon serves the store, now and later. */
export async function connectAgent(address: Address, name: string): Promise<Client> {
  const transport = async (): Promise<Transport> => {
    for (;;) {
      const socket = address.socket()
      if (socket !== undefined) {
        try {
          return await connectSocket(socket)
        } catch {
          // It is gone, or has not begun.
        }
      }
      await sleep(8)
    }
  }
  return await connect({ client: { name, kind: 'agent' }, transport, timeoutMs: patienceMs })
}

/** Longer than a daemon takes to start on a busy machine. */
const patienceMs = 120_000

/** What travels by the SDK's own request, with its own repeating. */
export class SdkSpeaker implements Speaker {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  async call(method: string, params: object): Promise<unknown> {
    try {
      return await this.#send(method, params)
    } catch (error) {
      if (!isOrionError(error)) throw error
      if (unsure.has(error.kind)) throw new NobodyKnows(error.kind)
      throw new No(error.kind, 'current' in error.data ? error.data.current : undefined)
    }
  }

  #send(method: string, params: object): Promise<unknown> {
    const client = this.#client
    switch (method) {
      case 'record/get':
        return client.request(records.GetRecord, records.GetRecord.params.parse(params))
      case 'record/create':
        return client.request(records.CreateRecord, records.CreateRecord.params.parse(params))
      case 'record/update':
        return client.request(records.UpdateRecord, records.UpdateRecord.params.parse(params))
      case 'record/delete':
        return client.request(records.DeleteRecord, records.DeleteRecord.params.parse(params))
      case 'record/restore':
        return client.request(records.RestoreRecord, records.RestoreRecord.params.parse(params))
      case 'record/transact':
        return client.request(records.Transact, records.Transact.params.parse(params))
      default:
        throw new Error(`no agent sends ${method}`)
    }
  }
}

const unsure: ReadonlySet<string> = new Set(['outcome_unknown', 'timeout', 'disconnected'])
