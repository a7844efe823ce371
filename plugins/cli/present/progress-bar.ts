import type { TextOutput } from '../context.ts'

/** How far something has come. */
export interface Progress {
  readonly done: number
  /** From 0 to 1; undefined when nobody knows how much there is. */
  readonly part: number | undefined
  /** How many there are, where it is worth telling. */
  readonly total?: number
  /** What is being done, if there are several steps. A new one starts at zero. */
  readonly step?: string
}

/** A line that is drawn over itself. */
export interface ProgressBar {
  show(progress: Progress): void
  /** Leaves the line as if nothing had been there. */
  clear(): Promise<void>
}

/** A progress bar on a terminal; elsewhere nothing is written. `unit` is what is counted. */
export function progressBar(
  out: TextOutput,
  now: () => number = Date.now,
  unit = 'records',
): ProgressBar {
  if (out.columns === undefined) return { show: () => {}, clear: async () => {} }
  let shownAtMs = Number.NEGATIVE_INFINITY
  let isShown = false
  let step: string | undefined
  let beganMs = now()
  return {
    show(progress) {
      const atMs = now()
      if (progress.step !== step) [step, beganMs] = [progress.step, atMs]
      if (atMs - shownAtMs < redrawEveryMs && progress.part !== 1) return
      shownAtMs = atMs
      isShown = true
      const columns = out.columns ?? 80
      void out.write(`\r${lineOf(progress, atMs - beganMs, { columns, unit })}\u001b[K`)
    },
    async clear() {
      if (isShown) await out.write('\r\u001b[K')
      isShown = false
    },
  }
}

const redrawEveryMs = 80
/** Before that nobody can tell how fast it goes. */
const rateAfterMs = 200

function lineOf(
  { done, part, total, step }: Progress,
  tookMs: number,
  { columns, unit }: { readonly columns: number; readonly unit: string },
): string {
  const rate = tookMs < rateAfterMs ? '' : `, ${Math.round((done * 1000) / tookMs)}/s`
  const title = step === undefined ? '' : `${step} `
  const count = `${done}${total === undefined ? '' : `/${total}`} ${unit}${rate}${leftOf(part, tookMs)}`
  // A line that fills the last column would go on in the next row, and could not be drawn over.
  if (part === undefined) return `${title}${count}`.slice(0, columns - 1)
  const percent = `${Math.min(100, Math.floor(part * 100))} %`.padStart(5)
  const rest = title.length + count.length + percent.length
  const width = Math.max(0, Math.min(40, columns - rest - 4))
  const full = Math.round(Math.min(1, part) * width)
  const bar = `${'█'.repeat(full)}${'░'.repeat(width - full)}`
  return `${title}${bar} ${percent}  ${count}`.slice(0, columns - 1)
}

/** How long it will still take, if it goes on as it went. */
function leftOf(part: number | undefined, tookMs: number): string {
  if (part === undefined || part <= 0 || part >= 1 || tookMs < rateAfterMs) return ''
  return `, ${spanText((tookMs * (1 - part)) / part / 1000)} left`
}

function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
