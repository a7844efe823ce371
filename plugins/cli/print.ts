import type { Colours } from './colours.ts'
import type { Cli } from './context.ts'

/** Prints a result: with `json` as one JSON value, unchanged; else as the text that `people` makes. */
export async function printResult<T>(
  cli: Cli,
  { json }: { readonly json: boolean },
  result: { readonly value: T; readonly people: () => string | Promise<string> },
): Promise<void> {
  await cli.out.write(json ? jsonLine(result.value) : await result.people())
}

/** A value as one line of JSON. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value ?? null)}\n`
}

/** How texts for people are to look. */
export interface TextStyle {
  readonly colours: Colours
  /** Width of the terminal; undefined when the text goes elsewhere. */
  readonly columns: number | undefined
  /** The present, in milliseconds since 1970. */
  readonly now: number
}

/** The style of what goes to stdout. */
export function styleOf({ out }: Cli): TextStyle {
  return { colours: out.colours, columns: out.columns, now: Date.now() }
}
