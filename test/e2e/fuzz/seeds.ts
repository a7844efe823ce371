/** Seeds that once found something wrong, and what; they are thrown again whenever the tests run. */
export const seedsToRepeat: readonly { readonly seed: number; readonly inputs: number }[] = [
  // A subscription whose connection closed while its start was waited for lived on, and the daemon never ended.
  { seed: 77, inputs: 8000 },
]

/** Seeds of damaged files of the earlier system that once found something wrong. */
export const fileSeedsToRepeat: readonly { readonly seed: number; readonly files: number }[] = []
