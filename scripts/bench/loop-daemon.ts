/** The fan-out somebody would write first: stock vscode-jsonrpc, one `sendNotification` for each subscription. */
import { createServer } from 'node:net'
import { createMessageConnection, type MessageConnection } from 'vscode-jsonrpc'
import { StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'

const [socketPath] = process.argv.slice(2)
const subscriptions: { readonly id: string; readonly connection: MessageConnection }[] = []
let seq = 0

createServer((socket) => {
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  )
  connection.onRequest('subscription/open', () => {
    const id = `s${subscriptions.length}`
    subscriptions.push({ id, connection })
    return { subscriptionId: id }
  })
  connection.onRequest(
    'event/publish',
    ({ topic, payload }: { topic: string; payload: object }) => {
      seq += 1
      const event = {
        seq,
        txn: seq,
        topic,
        payload,
        actor: { principal: 'owner', client: 'bench' },
      }
      for (const { id, connection } of subscriptions) {
        void connection.sendNotification('subscription/events', {
          subscriptionIds: [id],
          events: [event],
          token: `${seq}`,
        })
      }
      return { seq }
    },
  )
  connection.listen()
}).listen(socketPath, () => process.send?.('ready'))
process.on('disconnect', () => process.exit(0))
