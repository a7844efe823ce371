/**
 * What the tests inside an editor's extension host say to the script that holds its browser, and what they hear.
 *
 * The tests see the editor from within; what a person does and sees (keys, the mouse, what is on the screen) only the
 * browser knows. One JSON value a line, over a socket.
 */
import { z } from 'zod'

/** What can be asked of the hands. */
export const deed = z.discriminatedUnion('do', [
  /** The tests are there; the answer says which scenario is theirs. */
  z.object({ do: z.literal('begin'), workspace: z.string(), pid: z.int() }),
  /** Presses keys, such as `Control+Shift+P`. */
  z.object({ do: z.literal('press'), keys: z.string() }),
  /** Writes where the focus is. */
  z.object({ do: z.literal('type'), text: z.string() }),
  /** Clicks on the first element that fits. */
  z.object({
    do: z.literal('click'),
    selector: z.string(),
    text: z.string().optional(),
    button: z.enum(['left', 'right']).optional(),
    clicks: z.int().optional(),
  }),
  z.object({ do: z.literal('hover'), selector: z.string(), text: z.string().optional() }),
  /** What all elements that fit show; nothing is waited for. */
  z.object({ do: z.literal('look'), selector: z.string() }),
  /** Waits until an element that fits is there (or gone); the answer says when, by the clock of this machine. */
  z.object({
    do: z.literal('await'),
    selector: z.string(),
    text: z.string().optional(),
    gone: z.boolean().optional(),
    timeoutMs: z.number().optional(),
  }),
  /** Makes the side bar so wide that rows can be read in pictures. */
  z.object({ do: z.literal('widen') }),
  /** Takes a picture of the window, or of a part of it. */
  z.object({
    do: z.literal('picture'),
    name: z.string(),
    /** Width and height in pixels of the part at the left and the top that is kept. */
    width: z.int().optional(),
    height: z.int().optional(),
  }),
  /** Longest task of the window since it was asked last, in milliseconds. */
  z.object({ do: z.literal('longest-task') }),
  z.object({
    do: z.literal('tell'),
    name: z.string(),
    ok: z.boolean(),
    ms: z.number(),
    error: z.string().optional(),
  }),
  z.object({ do: z.literal('figure'), name: z.string(), value: z.string() }),
  z.object({ do: z.literal('end') }),
])
/** What can be asked of the hands. */
export type Deed = z.input<typeof deed>

/** A line from the tests. */
export const asked = z.object({ id: z.int(), deed })

/** A line to the tests. */
export const answered = z.object({
  id: z.int(),
  answer: z.unknown().optional(),
  error: z.string().optional(),
})

/** What an element shows, and what it says to a screen reader. */
export const sight = z.object({
  text: z.string(),
  label: z.string(),
  title: z.string(),
  classes: z.string(),
  level: z.int().optional(),
  expanded: z.boolean().optional(),
})
/** What an element shows, and what it says to a screen reader. */
export type Sight = z.output<typeof sight>

/** The variable that names the socket. */
export const handsVariable = 'EDITOR_PROOF_HANDS'
