/** Patterns of job ids: `*` stands for any characters, all else for itself. */

/** Whether a job fits a pattern. Takes no longer than the two are long, times the stars. */
export function fitsPattern(pattern: string, job: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return job === pattern
  if (!job.startsWith(first)) return false
  let position = first.length
  for (const part of rest) {
    const found = job.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return job.length - last.length >= position && job.endsWith(last)
}

/** The filter on `jobId` that lets through every job that fits; others too when a star is in the middle. */
export function filterOfPattern(pattern: string): { eq: string } | { startsWith: string } {
  const star = pattern.indexOf('*')
  return star < 0 ? { eq: pattern } : { startsWith: pattern.slice(0, star) }
}
