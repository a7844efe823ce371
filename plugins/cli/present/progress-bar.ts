import type { TextOutput } from '../context.ts'

/** How far something has come. */
export interface Progress {
  readonly done: number
  /** From 0 to 1; undefined when nobody knows how much there is. */
  readonly part: number | undefined
}

/** A line that is drawn over itself. */
export interface ProgressBar {
  show(progress: Progress): void
  /** Leaves the line as if nothing had been there. */
  clear(): Promise<void>
}

/** A progress bar on a terminal; elsewhere nothing is written. */
export function progressBar(out: TextOutput, now: () => number = Date.now): ProgressBar {
  if (out.columns === undefined) return { show: () => {}, clear: async () => {} }
  let shownAtMs = Number.NEGATIVE_INFINITY
  let isShown = false
  const beganMs = now()
  return {
    show(progress) {
      const atMs = now()
      if (atMs - shownAtMs < redrawEveryMs && progress.part !== 1) return
      shownAtMs = atMs
      isShown = true
      void out.write(`\r${lineOf(progress, atMs - beganMs, out.columns ?? 80)}\u001b[K`)
    },
    async clear() {
      if (isShown) await out.write('\r\u001b[K')
    },
  }
}

const redrawEveryMs = 80

function lineOf({ done, part }: Progress, tookMs: number, columns: number): string {
  const rate = tookMs < 200 ? '' : `, ${Math.round((done * 1000) / tookMs)}/s`
  const count = `${done} records${rate}`
  if (part === undefined) return count
  const percent = `${Math.min(100, Math.floor(part * 100))} %`.padStart(5)
  const width = Math.max(0, Math.min(40, columns - count.length - percent.length - 4))
  const full = Math.round(Math.min(1, part) * width)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent}  ${count}`
}
