import { readdirSync, readFileSync } from 'node:fs'

/** Watches how much memory a command takes. */
export interface MemoryWatch {
  /** Ends the watch; the largest resident set seen, in bytes, or undefined where the system does not tell. */
  stop(): number | undefined
}

/**
 * Watches a process and its descendants: the result is the largest resident set that any one of them reached, which is
 * what `getrusage` tells of children.
 *
 * Each look reads the kernel's own high-water marks, so that nothing between two looks is missed; only what a process
 * gained after the last look before its end is. Looks become rarer: up to a second lies between two of them where they cost much.
 */
export function watchPeakMemory(pid: number): MemoryWatch {
  let peakBytes = 0
  let delayMs = firstDelayMs
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    const startedAt = performance.now()
    peakBytes = Math.max(peakBytes, largestOf(pid))
    delayMs = Math.min(delayMs * 1.5, longestDelayMs)
    const costMs = performance.now() - startedAt
    timer = setTimeout(look, Math.max(delayMs, Math.min(costMs * 50, costlyDelayMs)))
    timer.unref()
  }
  if (process.platform === 'linux') look()
  return {
    stop: () => {
      clearTimeout(timer)
      return peakBytes === 0 ? undefined : peakBytes
    },
  }
}

const firstDelayMs = 5
const longestDelayMs = 500
const costlyDelayMs = 1000
/** A command with more processes than this is watched in part. */
const processesMax = 256

function largestOf(root: number): number {
  const pids = [root]
  let largest = 0
  for (let index = 0; index < pids.length && index < processesMax; index++) {
    const pid = pids[index] ?? root
    largest = Math.max(largest, highWaterBytes(pid))
    pids.push(...childrenOf(pid))
  }
  return largest
}

function highWaterBytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? []
  return Number(kibibytes) * 1024
}

/** Any thread of a process can have started children; the kernel lists them by thread. */
function childrenOf(pid: number): number[] {
  let threads: string[]
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // It has ended since it was listed.
  }
  return threads.flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`).match(/\d+/g) ?? []).map(Number),
  )
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // It has ended since, or this kernel does not tell.
  }
}
