/** Runs a plugin once, only to learn what it asks for. */
import { OrionError } from '../../sdk/errors.ts'
import type { PluginManifest } from '../../sdk/protocol/plugin-messages.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { TransportLimits } from '../../sdk/transport/transport-limits.ts'
import type { Limits } from '../limits.ts'
import type { PluginPlace } from './plugin-code.ts'
import { PluginProcess, pluginCommand } from './plugin-process.ts'
import type { PluginSeat } from './plugin-seat.ts'
import { startProcess } from './started-process.ts'

/**
 * What the code says it is. Its process may do nothing in the store, and is ended when it has said it.
 *
 * @throws OrionError `invalid_request` with what it has printed when it says nothing.
 */
export async function describePlugin(parts: {
  readonly place: PluginPlace
  readonly limits: Limits
  readonly transportLimits: Partial<TransportLimits>
  readonly attach: (transport: Transport, seat: PluginSeat) => void
}): Promise<PluginManifest> {
  const { place, limits, attach } = parts
  const started = startProcess(pluginCommand(place, limits))
  const process = new PluginProcess(started, { ...parts, name: 'to be described' })
  let printed = ''
  process.stderr.on('data', (chunk: Buffer) => {
    printed = `${printed}${chunk.subarray(-printedMaxBytes).toString('utf8')}`.slice(
      -printedMaxBytes,
    )
  })
  const late = setTimeout(() => process.kill(), limits.pluginStartMaxMs)
  try {
    return await new Promise<PluginManifest>((resolve, reject) => {
      attach(process.transport, seatFor(resolve))
      void process.ended.then(({ how }) => {
        // What was printed last comes after the end.
        setImmediate(() => {
          const message = `the plugin in ${place.entry} ${how} before it said what it is: ${printed.trim()}`
          reject(
            new OrionError('invalid_request', message, { remedy: 'correct what it complains of' }),
          )
        })
      })
    })
  } finally {
    clearTimeout(late)
    process.kill()
    await process.ended
  }
}

const printedMaxBytes = 2048

function seatFor(tell: (manifest: PluginManifest) => void): PluginSeat {
  const notGranted = (): OrionError =>
    new OrionError('forbidden', 'the plugin is only described', { needs: 'a grant' })
  return {
    principal: 'plugin:to-be-described',
    grants: new Map(),
    register: async (manifest) => {
      tell(manifest)
      throw notGranted()
    },
    ready: () => {},
    read: async () => {
      throw notGranted()
    },
    hooksOutcome: undefined,
    assertMayFollow: () => {},
  }
}
