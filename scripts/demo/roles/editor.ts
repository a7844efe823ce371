/**
 * The editor: starts `orion stdio` as it would start a language server, speaks plain JSON-RPC to it, and watches.
 *
 * When the bridge ends it starts another and goes on after the last token it has seen. It knows nothing of the SDK.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'
import { z } from 'zod'
import { seenEvent } from '../messages.ts'
import { orionProgram } from '../place.ts'
import { playRole } from './prompter.ts'

const welcome = z.object({ principal: z.string(), instanceId: z.string() })
const opened = z.object({ token: z.string() })
const delivery = z.object({ events: z.array(seenEvent), token: z.string() })
/** A bridge that can't be started is not tried again in a tight loop. */
const restartDelayMs = 30

const { report } = playRole('editor')
const store = process.env.ORION_STORE ?? ''
let token: string | undefined
for (let session = 1; ; session++) {
  const bridge = spawn(process.execPath, [orionProgram, 'stdio', '--store', store], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(bridge, 'close')
  bridge.stdin.on('error', () => {}) // The bridge has ended, which `ended` tells.
  const connection = createMessageConnection(
    new StreamMessageReader(bridge.stdout),
    new StreamMessageWriter(bridge.stdin),
  )
  // A request that is under way when the bridge ends is never answered: the next bridge is tried.
  await Promise.race([watch(connection, session).catch(() => {}), ended])
  await ended
  connection.dispose()
  if (token !== undefined) report({ kind: 'lost', token })
  await sleep(restartDelayMs)
}

async function watch(connection: MessageConnection, session: number): Promise<void> {
  connection.onNotification('subscription/events', (raw: unknown) => {
    const { events, token: position } = delivery.parse(raw)
    token = position
    report({ kind: 'events', session, events })
  })
  connection.listen()
  const hello = {
    protocol: { min: 1, max: 1 },
    client: { name: 'demo-editor', version: '1.0.0', kind: 'editor' },
    processId: process.pid,
  }
  const { principal, instanceId } = welcome.parse(await connection.sendRequest('initialize', hello))
  const from = token
  const wanted = { patterns: ['*'], include: 'none', ...(from === undefined ? {} : { from }) }
  const position = opened.parse(await connection.sendRequest('subscription/open', wanted)).token
  token ??= position
  report({ kind: 'watching', session, principal, instanceId, from, token: position })
}
