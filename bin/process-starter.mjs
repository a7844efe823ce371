/**
 * Starts processes for the daemon: `process-starter.mjs`, with an IPC channel on which it is told what to start. See
 * daemon/plugins/process-starter.ts for why, and for the messages.
 */
import { spawn } from 'node:child_process'

const children = new Map()

process.on('message', ({ id, start }) => {
  if (start === undefined) children.get(id)?.kill('SIGKILL')
  else run(id, start)
})
// Whoever started it is gone; what it has started sees that by itself.
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches all processes of a terminal: the daemon decides what ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})

function run(id, { command, args, cwd, env }) {
  // It waits for a line before it becomes the program: until then nobody may have lost what it prints. A pipe that is handed
  // on is read here until the other side has it, and stdin goes last.
  const wait = ['-c', 'read -r line && exec "$@" "$PPID"', 'sh', command, ...args]
  const child = spawn('/bin/sh', wait, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  children.set(id, child)
  const end = (how) => {
    if (children.delete(id)) tell({ id, ...how })
  }
  child.once('error', (error) => end({ error: error.message }))
  child.once('exit', (code, signal) => end({ code, signal }))
  if (child.pid === undefined) return
  tell({ id, pid: child.pid })
  for (const stream of ['stdout', 'stderr', 'stdin']) tell({ id, stream }, child[stream])
}

function tell(message, handle) {
  // Nobody listens any more: the end of the channel ends this process as well.
  process.send(message, handle, undefined, () => {})
}
