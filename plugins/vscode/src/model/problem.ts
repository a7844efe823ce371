import { isOrionError } from '../../../../sdk/errors.ts'
import { LaunchError, messageOf } from '../../../../sdk/launch/launch-error.ts'
import { plainLine } from './visible-text.ts'

/** What went wrong, as a person is told it: what it is, and what to do. Plain text, for any place of the editor. */
export interface Problem {
  readonly kind: ProblemKind
  /** A sentence. */
  readonly message: string
  /** What to do, as an imperative sentence. */
  readonly remedy: string
  /** Where the daemon wrote what it did. */
  readonly logPath?: string
}

/**
 * What the editor can offer: choosing the program, entering a token, looking at the log, or just trying again.
 */
export type ProblemKind =
  | 'no program'
  | 'no access'
  | 'newer store'
  | 'other version'
  | 'no daemon'
  | 'conflict'
  | 'too large'
  | 'refused'

/** The program `orion` is nowhere where it was looked for. */
export class ProgramMissing extends Error {
  override readonly name = 'ProgramMissing'

  /** @param looked - Where, for people. */
  constructor(looked: string) {
    super(`The program orion was not found: looked ${looked}.`)
  }
}

/** What to say about anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProgramMissing) {
    return {
      kind: 'no program',
      message: plainLine(error.message, messageMax),
      remedy: 'Install it with `npm install --global orion`, or set orion.program to its path.',
    }
  }
  if (error instanceof LaunchError) return launchProblem(error)
  if (isOrionError(error)) {
    const message = sentence(error.message)
    const remedy = sentence(error.data.remedy ?? remedies[error.kind] ?? 'Try again.')
    return { kind: kindOf(error.kind, remedy), message, remedy }
  }
  const message = sentence(messageOf(error))
  return { kind: 'refused', message, remedy: 'Look at the output of Orion, and try again.' }
}

/** A problem as one line. */
export function problemLine({ message, remedy }: Problem): string {
  return `${message} ${remedy}`
}

const messageMax = 600
/** What a daemon says to do about a store that a newer one has written. */
const newerNeeded = /^Use Orion .* or newer\b/

function launchProblem(error: LaunchError): Problem {
  const isMissing = /\bENOENT\b/.test(error.message) && error.kind === 'start_failed'
  const isNewer = newerNeeded.test(error.remedy)
  return {
    kind: isMissing ? 'no program' : isNewer ? 'newer store' : 'no daemon',
    message: sentence(error.message),
    remedy: isMissing
      ? 'Set orion.program to the path of the program, or install it with `npm install --global orion`.'
      : sentence(error.remedy),
    ...(error.logPath === undefined ? {} : { logPath: error.logPath }),
  }
}

function kindOf(kind: string, remedy: string): ProblemKind {
  switch (kind) {
    case 'unauthenticated':
    case 'forbidden':
      return 'no access'
    case 'storage_failed':
      return newerNeeded.test(remedy) ? 'newer store' : 'no daemon'
    case 'protocol_unsupported':
      return 'other version'
    case 'disconnected':
    case 'timeout':
    case 'draining':
    case 'overloaded':
      return 'no daemon'
    case 'conflict':
      return 'conflict'
    case 'too_large':
      return 'too large'
    default:
      return 'refused'
  }
}

/** Where the daemon says nothing itself. */
const remedies: { readonly [kind: string]: string } = {
  unauthenticated:
    'Enter an access token: the owner of the store makes one with `orion token create`.',
  forbidden: 'Ask the owner of the store for a token that may do this.',
  not_found: 'It may have been purged: refresh the view.',
  conflict: 'Somebody else was first: look at it as it is now, and decide again.',
  disconnected: 'Try again in a moment: Orion reconnects by itself.',
  timeout: 'Try again in a moment; `orion status` tells what the daemon does.',
  protocol_unsupported: 'Update the program orion and this extension to one version.',
  invalid_record: 'Mend what is named, and save again.',
  too_large: 'Make it smaller.',
}

/** A message begins with a capital letter and ends with a full stop, whoever wrote it. */
function sentence(text: string): string {
  const line = plainLine(text, messageMax)
  const begun = line.charAt(0).toUpperCase() + line.slice(1)
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}
