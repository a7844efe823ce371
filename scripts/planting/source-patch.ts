/** A deliberate change of one place in the sources: of a copy of them, never of the project itself. */

/** What is changed, and into what. */
export interface SourcePatch {
  /** Path in the project. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

/** A text after those of the patches that are for its file. @throws when one does not fit the source any more. */
export function patched(path: string, text: string, patches: readonly SourcePatch[]): string {
  return patches
    .filter(({ file }) => file === path)
    .reduce((before, { find, replace }) => {
      const count = before.split(find).length - 1
      if (count === 1) return before.replace(find, () => replace)
      throw new Error(`expected ${JSON.stringify(find)} once in ${path}, found it ${count} times`)
    }, text)
}
