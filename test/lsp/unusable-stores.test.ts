/** `orion lsp` on stores that cannot be used: the editor is told why and what to do, and nothing is changed. */
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createMessageConnection, type MessageConnection } from 'vscode-jsonrpc'
import { StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { makePlace, type Place } from '../cli/orion-process.ts'

test('a store of a newer version is left alone, and the editor is told', async (t) => {
  const place = makePlace(t)
  await place.json(['types'])
  await place.json(['stop'])
  const path = join(place.store, 'store.sqlite')
  // Where SQLite keeps the number of the format.
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([0, 0, 0x23, 0x28]), 0, 4, 60)
  closeSync(file)
  const before = readFileSync(path)
  const { editor, told } = await languageClient(t, place)
  await assert.rejects(asked(editor), /has format 9000/)
  assert.match(
    told(),
    /has format 9000.*\(Use Orion .* or newer\. Nothing in the store was touched/,
  )
  assert.deepEqual(readFileSync(path), before)
})

test('a store that can’t be made is told with its cause, and works as soon as it can', async (t) => {
  const place = makePlace(t)
  rmSync(place.store, { recursive: true })
  writeFileSync(place.store, 'no directory')
  const { editor, told } = await languageClient(t, place)
  await assert.rejects(asked(editor), /to be a directory/)
  assert.match(told(), /to be a directory.* \(.+\)/)
  rmSync(place.store)
  await asked(editor)
})

async function asked(editor: MessageConnection): Promise<void> {
  await editor.sendRequest('workspace/executeCommand', { command: 'orion.jobs', arguments: [] })
}

/** An editor that has shaken hands, and all that was shown to its user. */
async function languageClient(
  t: TestContext,
  place: Place,
): Promise<{ readonly editor: MessageConnection; readonly told: () => string }> {
  const child = place.start(['--store', place.store, 'lsp'], { stdio: ['pipe', 'pipe', 'inherit'] })
  assert.ok(child.stdout && child.stdin)
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  )
  t.after(() => connection.dispose())
  connection.onRequest('window/showDocument', () => ({ success: true }))
  const messages: string[] = []
  connection.onNotification('window/showMessage', ({ message }) => void messages.push(message))
  connection.listen()
  await connection.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} })
  await connection.sendNotification('initialized', {})
  return { editor: connection, told: () => messages.join('\n') }
}
