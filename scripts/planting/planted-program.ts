/** The program with a fault in it, as a copy elsewhere: the project and what is built of it stay as they are. */
import { copyFileSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleProgram } from '../program-bundle.ts'
import { type FaultName, faults } from './faults.ts'
import { patched, type SourcePatch } from './source-patch.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Makes the program with a fault below an existing directory, where nothing is left of it when that is removed.
 *
 * @returns The path of its `orion.mjs`: as a `daemonCommand`, `{command: process.execPath, args: [path, 'serve']}`.
 */
export async function plantFault(fault: FaultName, directory: string): Promise<string> {
  const place = join(directory, `orion-with-${fault}`)
  mkdirSync(join(place, 'bin'), { recursive: true })
  mkdirSync(join(place, 'dist'))
  for (const name of readdirSync(join(root, 'bin')).filter((one) => /\.[cm]js$/.test(one))) {
    copyFileSync(join(root, 'bin', name), join(place, 'bin', name))
  }
  copyFileSync(join(root, 'package.json'), join(place, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
  const patches: readonly SourcePatch[] = faults[fault]
  const used = new Set<string>()
  const alter = (path: string, text: string): string => {
    if (patches.some(({ file }) => file === path)) used.add(path)
    return patched(path, text, patches)
  }
  await bundleProgram({ directory: join(place, 'dist'), alter })
  const unused = patches.find(({ file }) => !used.has(file))
  if (unused !== undefined) throw new Error(`expected ${unused.file} in the program, it is not`)
  return join(place, 'bin', 'orion.mjs')
}
