/** The daemon as a language server of one client, on stdin and stdout. */
import { stdioTransport } from '../sdk/transport/stdio.ts'
import type { Daemon } from './daemon.ts'
import { watchProcess } from './lifecycle/parent-watch.ts'
import type { Limits } from './limits.ts'
import { transportLimits } from './session/listener.ts'

/** Serves the client on stdin and stdout; the daemon ends when the client does, however it ends. */
export function serveStdio(daemon: Daemon, limits: Limits): void {
  const transport = stdioTransport({ side: 'server', limits: transportLimits(limits) })
  const session = daemon.attach(transport, { kind: 'stdio' })
  const parent = watchProcess(
    () => session.processId,
    () => void daemon.close('the process of its client is gone'),
  )
  transport.onClose(() => {
    parent.dispose()
    void daemon.close('its client is gone')
  })
}
