/** The known name nearest to a mistyped one, for the remedies of errors. */

const distanceMax = 3
const lengthMax = 64

/** The candidate that differs from `name` in at most three single-letter edits; undefined when none is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > lengthMax) return undefined
  const wanted = name.toLowerCase()
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    const near = distance <= Math.min(distanceMax, Math.ceil(candidate.length / 3))
    if (near && (best === undefined || distance < best.distance)) best = { candidate, distance }
  }
  return best?.candidate
}

function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > distanceMax) return distanceMax + 1
  let above = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const substitution = (above[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      const insertion = (current[column - 1] ?? 0) + 1
      const deletion = (above[column] ?? 0) + 1
      current.push(Math.min(substitution, insertion, deletion))
    }
    above = current
  }
  return above[right.length] ?? 0
}
