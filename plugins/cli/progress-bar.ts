import type { Cli } from './context.ts'

/** Shows how far a long step has come, on a terminal's standard error; nowhere else. */
export interface ProgressBar {
  show(what: string, done: number, total: number): void
  /** Takes the line away. */
  clear(): void
}

const width = 28
const everyMs = 100

/** A bar with the share that is done, how fast it goes, and how long it will still take. */
export function progressBar(
  { err }: Pick<Cli, 'err'>,
  { json }: { readonly json: boolean },
): ProgressBar {
  if (json || err.columns === undefined) return { show: () => {}, clear: () => {} }
  let [step, startedMs, shownMs] = ['', 0, Number.NEGATIVE_INFINITY]
  let visible = false
  return {
    show: (what, done, total) => {
      const nowMs = performance.now()
      if (what !== step) [step, startedMs] = [what, nowMs]
      if (nowMs - shownMs < everyMs && done < total) return
      shownMs = nowMs
      visible = true
      void err.write(
        `\r\x1b[2K${progressText({ what, done, total, elapsedMs: nowMs - startedMs })}`,
      )
    },
    clear: () => {
      if (visible) void err.write('\r\x1b[2K')
      visible = false
    },
  }
}

/** One line: the bar, the counts, the speed, and the time that is left. */
export function progressText(at: {
  readonly what: string
  readonly done: number
  readonly total: number
  readonly elapsedMs: number
}): string {
  const { what, done, total, elapsedMs } = at
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.round(share * width)
  const perSecond = elapsedMs === 0 ? 0 : (done / elapsedMs) * 1000
  const left = perSecond === 0 ? '' : `, ${spanText((total - done) / perSecond)} left`
  const bar = `${'█'.repeat(full)}${'░'.repeat(width - full)}`
  return `${what} ${bar} ${done}/${total} rows, ${Math.round(perSecond)}/s${left}`
}

function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
