/**
 * Those of `all` whose names begin with one of the words behind `--only`, which commas divide; all of them without it.
 *
 * @param what - What one of them is called, for the error.
 * @throws Error if none is named so.
 */
export function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  what: string,
): readonly T[] {
  const only = process.argv.flatMap((argument, index, given) =>
    given[index - 1] === '--only' ? argument.split(',') : [],
  )
  const found = all.filter(
    ({ name }) => only.length === 0 || only.some((part) => name.startsWith(part)),
  )
  if (found.length === 0) throw new Error(`expected a ${what} named like ${only.join(' or ')}`)
  return found
}
