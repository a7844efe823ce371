/**
 * Test files that share a process. Starting one, compiling what it imports and compiling SQLite takes more
 * processor time than most files do, so in a whole run the files of a folder are run several at a time.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** So many files share a process: few enough that the last process of a run does not keep the others waiting. */
const groupMax = 6
/** A hook at the top of a file is one of its whole process. */
const wholeProcessHook = /^(?:before|after|beforeEach|afterEach)\(/m

/**
 * Writes a file for each group, which imports the test files of the group.
 *
 * @param files - Paths below `root`.
 * @returns what is to be run instead of them: groups, and the files that stay alone. In the order of `files`.
 */
export function testGroups(root: string, files: readonly string[]): string[] {
  const directory = join(root, '.cache', 'test-groups')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const alone: string[] = []
  const folders = new Map<string, string[]>()
  for (const file of files) {
    if (wholeProcessHook.test(readFileSync(join(root, file), 'utf8'))) alone.push(file)
    else folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), file])
  }
  const groups = [...folders].flatMap(([folder, members]) => {
    const count = Math.ceil(members.length / groupMax)
    return Array.from({ length: count }, (_, n) => {
      const path = join(directory, `${folder.replaceAll(/[\\/]/g, '-')}-${n}.test.mjs`)
      // Taken in turn, because neighbours in a folder are alike in what they cost.
      const own = members.filter((_member, position) => position % count === n)
      const imports = own.map((file) => `import ${JSON.stringify(`../../${file}`)}\n`)
      writeFileSync(path, imports.join('').replaceAll('\\\\', '/'))
      return path
    })
  })
  return [...groups, ...alone]
}
