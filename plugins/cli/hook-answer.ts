/**
 * What the hooks of agent programs read and answer. All of them hand JSON to a command on its standard input that names the
 * moment, and take JSON from its standard output; what they take differs.
 */
import { z } from 'zod'
import { UsageError } from './usage-error.ts'

/** The moment at which an agent program calls its hook, and whether it would go round in a circle by what it is told. */
export interface HookMoment {
  readonly name: HookName
  /** The hook made the agent go on before: told again, it would never come to its end. */
  readonly goesRound: boolean
}

type HookName = keyof typeof answers

/** One text, as JSON for the program that asked. */
export function hookAnswer({ name }: HookMoment, text: string): object {
  return answers[name](text, name)
}

/** @throws UsageError for what is no call of a hook that a text can be told to. */
export function parseHookCall(input: string): HookMoment {
  const called = hookCall.safeParse(parsedJson(input)).data
  if (called === undefined) {
    throw new UsageError('--hook: expected the JSON of a hook on the standard input', {
      remedy: 'an agent program gives it; by hand: echo \'{"hook_event_name":"SessionStart"}\'',
    })
  }
  const { hook_event_name: name, stop_hook_active: isActive, loop_count: round = 0 } = called
  if (isHookName(name)) return { name, goesRound: isActive === true || round > 0 }
  const known = Object.keys(answers).join(', ')
  throw new UsageError(`--hook: expected one of ${known}, got ${JSON.stringify(name)}`)
}

const hookCall = z.object({
  hook_event_name: z.string().max(100),
  stop_hook_active: z.boolean().optional(),
  loop_count: z.number().optional(),
})

const inContext = (text: string, hookEventName: string): object => ({
  hookSpecificOutput: { hookEventName, additionalContext: text },
})
const goOn = (decision: string) => (text: string) => ({ decision, reason: text })

/** Claude Code and Codex have the first three, Gemini CLI the first and the two of an agent, Cursor the small ones. */
const answers = {
  SessionStart: inContext,
  UserPromptSubmit: inContext,
  Stop: goOn('block'),
  BeforeAgent: inContext,
  AfterAgent: goOn('deny'),
  sessionStart: (text: string) => ({ additional_context: text }),
  stop: (text: string) => ({ followup_message: text }),
} as const satisfies { readonly [name: string]: (text: string, name: string) => object }

function isHookName(name: string): name is HookName {
  return Object.hasOwn(answers, name)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // The schema says what was expected.
  }
}
