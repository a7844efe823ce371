/** Flags that stand before the command and take a value, or none. */
const globalFlagTakesValue: ReadonlyMap<string, boolean> = new Map([
  ['--store', true],
  ['--token', true],
  ['--json', false],
])

/** Flags of `run` itself that take a value. */
const runFlagTakesValue: ReadonlyMap<string, boolean> = new Map([
  ...globalFlagTakesValue,
  ['--job', true],
  ['--artifact', true],
])

/**
 * Brings a command line into the order that the parser takes: global flags behind the command, and a `--` before the
 * command that `run` is to run, so that `orion --json run npm test -v` means what it says.
 */
export function arrangeArguments(args: readonly string[]): string[] {
  const start = skipFlags(args, 0, globalFlagTakesValue)
  const before = args.slice(0, start)
  const [name, ...rest] = args.slice(start)
  if (name === undefined || name.startsWith('-')) return [...args]
  if (name === 'run') return [name, ...before, ...protectCommand(rest)]
  // A `--` ends the flags, so those from before the command go in front of it.
  const end = rest.includes('--') ? rest.indexOf('--') : rest.length
  return [name, ...rest.slice(0, end), ...before, ...rest.slice(end)]
}

/** A command line without the global flags that stand before the command. */
export function withoutLeadingFlags(args: readonly string[]): string[] {
  return args.slice(skipFlags(args, 0, globalFlagTakesValue))
}

function protectCommand(args: readonly string[]): string[] {
  const start = skipFlags(args, 0, runFlagTakesValue)
  const first = args[start]
  if (first === undefined || first.startsWith('-')) return [...args]
  return [...args.slice(0, start), '--', ...args.slice(start)]
}

/** The index of the first argument that is neither one of these flags nor the value of one. */
function skipFlags(
  args: readonly string[],
  from: number,
  takesValue: ReadonlyMap<string, boolean>,
): number {
  let index = from
  for (;;) {
    const [name = '', value] = (args[index] ?? '').split('=', 2)
    const takes = takesValue.get(name)
    if (takes === undefined) return index
    index += takes && value === undefined ? 2 : 1
  }
}
