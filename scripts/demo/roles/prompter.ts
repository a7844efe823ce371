/** The line between a role and the one that directs it. */
import { type ReportOf, type Role, type WriterCue, writerCue } from '../messages.ts'

/** Lets this process play a role: it reports what happens, and ends when the process that started it is gone. */
export function playRole<R extends Role>(_role: R): Stagehand<R> {
  process.once('disconnect', () => process.exit(0))
  return {
    report: (report) => void process.send?.(report),
    onCue: (follow) => {
      process.on('message', (raw) => void follow(writerCue.parse(raw)))
    },
  }
}

/** What a role has of the one that directs it. */
export interface Stagehand<R extends Role> {
  report(report: ReportOf<R>): void
  /** Follows each cue when it comes; what goes wrong ends the process, which is noticed. */
  onCue(follow: (cue: WriterCue) => Promise<void>): void
}
