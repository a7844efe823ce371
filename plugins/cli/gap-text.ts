import type { Gap } from '../../sdk/client/subscription-options.ts'

/** What a gap in a stream of events means for who reads it. */
export function gapText({ reason, floor, lost }: Gap): string {
  const why = reason === 'epoch' ? 'the store was put back' : 'they are compacted away'
  const missing = `events before ${floor} can't be shown: ${why}`
  if (lost.length === 0) return `${missing}; what they changed follows`
  return `${missing}; of ${lost.join(' ')} what clients published is missing`
}
