/** The packages that went into a bundle, and their licences. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** The names of the packages in a bundle. */
export function bundledPackages({ inputs }: Metafile): string[] {
  const names = Object.keys(inputs).flatMap((path) => {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? []
    return name === undefined ? [] : [name]
  })
  return [...new Set(names)].sort()
}

/** The licences of packages as one text. */
export function licencesOf(root: string, names: readonly string[]): string {
  return names.map((name) => licenceOf(root, name)).join(`\n${'-'.repeat(72)}\n\n`)
}

/** The licence that a package brings; if it brings no text, what it says of it. */
function licenceOf(root: string, name: string): string {
  const directory = join(root, 'node_modules', name)
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry))
  if (file !== undefined)
    return `${name}\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`
  const { license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  if (typeof license !== 'string') throw new Error(`expected a licence of ${name}, got none`)
  return `${name}\n\n${license}, by ${typeof author === 'string' ? author : author?.name}\n`
}
