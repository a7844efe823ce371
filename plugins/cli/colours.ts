import picocolors from 'picocolors'

/** The colours of the command line; each gives its text back unchanged where there are none. */
export type Colours = Pick<
  ReturnType<typeof picocolors.createColors>,
  'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta'
>

/** Colours for a stream: on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`; elsewhere with `FORCE_COLOR`. */
export function coloursFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Colours {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0'
  const refused = Boolean(env.NO_COLOR) || env.FORCE_COLOR === '0'
  const terminal = stream.isTTY === true && env.TERM !== 'dumb'
  return picocolors.createColors(!refused && (forced || terminal))
}
