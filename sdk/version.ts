/** The version of this package; a test holds it equal to `package.json`, so that no file is read at run time. */
export const VERSION = '0.1.0'

/** Orders two versions by their numbers: below 0 when `a` is the older one. What follows the numbers does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  for (const [at, number] of left.entries()) {
    const difference = number - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function numbersOf(version: string): readonly [number, number, number] {
  const [, major = '0', minor = '0', patch = '0'] =
    /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version) ?? []
  return [Number(major), Number(minor), Number(patch)]
}
