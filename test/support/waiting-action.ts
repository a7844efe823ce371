/** A program whose daemon, inside of it, carries out an action that never ends; it prints the id of the log of it. */
import { z } from 'zod'
import { inProcess } from '../../daemon/in-process.ts'
import { OrionActionLog } from '../../plugins/orion/record-types.ts'
import { connect } from '../../sdk/client/connect.ts'
import { defineAction } from '../../sdk/plugin/action.ts'
import { ExecuteAction } from '../../sdk/protocol/actions.ts'
import { Note } from './store.ts'

const store = process.env.WAITING_STORE ?? ''
const waits = defineAction('test.waits', {
  description: 'Never ends.',
  input: z.object({}),
  types: [Note],
  apply: async () => {
    const { records } = await client
      .repository(OrionActionLog)
      .list({ where: { status: 'PENDING' } })
    const [log] = records.filter(({ data }) => data.actionType === 'test.waits')
    process.stdout.write(`${log?.id}\n`)
    return await new Promise(() => {})
  },
})
const client = await connect({
  client: { name: 'test', version: '1.0.0' },
  store,
  daemon: 'in-process',
  inProcess: inProcess({
    types: [Note.definition],
    actions: [waits],
    limits: { actionMaxMs: 600_000 },
  }),
})
await client.request(ExecuteAction, { action: 'test.waits', params: {} }, { timeoutMs: 600_000 })
