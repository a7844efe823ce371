/** When two failures are of one kind. The rules are a part of every id: a change of them begins new insights. */
import { createHash } from 'node:crypto'

/** Failures of the same action for the same reason. */
export interface FailureKind {
  /** The id of the insight about it: the same in every process, always. */
  readonly id: string
  readonly actionType: string
  /** Why they fail, without what differs from one time to the next. */
  readonly error: string
}

/** The kind of a failed action. */
export function failureKind(actionType: string, error: string | undefined): FailureKind {
  const reason = commonReason(error ?? '')
  const digest = createHash('sha256')
    .update(JSON.stringify([actionType, reason]))
    .digest('hex')
  return { id: `mined-${digest.slice(0, 32)}`, actionType, error: reason }
}

/**
 * What is left of an error when everything is taken out that differs from one time to the next: ids, numbers, instants,
 * addresses, and the directories that files lie in. One line, at most 300 characters; never empty.
 */
export function commonReason(error: string): string {
  let reason = tellingLine(error.slice(0, readMax))
  for (const [form, instead] of differing) reason = reason.replace(form, instead)
  reason = reason.replace(/\s+/g, ' ').trim().slice(0, reasonMax).trim()
  return reason === '' ? noReason : reason
}

const noReason = 'no reason was given'
/** Errors can be whole logs; what tells them apart stands at their beginning. */
const readMax = 4000
const reasonMax = 300

/** A stack of Python's ends with its reason; every other text begins with it. */
function tellingLine(text: string): string {
  const lines = text
    .replace(escapes, '')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
  const [first = ''] = lines
  return first.trimStart().startsWith('Traceback (') ? (lines.at(-1) ?? first) : first
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it takes the colours of terminals out of a text.
const escapes = /\u001b\[[0-9;]*[A-Za-z]/g

/** In this order: what comes first may hold what comes later. None looks back, so that no text takes long. */
const differing: readonly (readonly [RegExp, string])[] = [
  [/\bhttps?:\/\/[^\s'")]+/g, '<address>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b/g, '<id>'],
  [/(?:\b[A-Za-z]:)?(?:[\\/][\w.@+~-]+)*[\\/](?=[\w.@+~-])/g, ''],
  [/\b0x[0-9a-fA-F]+\b/g, '<hex>'],
  [/\b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b/g, '<hex>'],
  [/\d+(?:\.\d+)*/g, '<n>'],
]
