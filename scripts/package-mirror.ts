/** Reads which package mirror this system uses, so that no host is written down anywhere else. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One source of packages, as the system's configuration has it. */
interface Source {
  readonly uri: string
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** The lines that say how it is trusted, in the form of a `.sources` file. */
  readonly trust: readonly string[]
}

/**
 * A `.sources` file for one suite of the mirror from which this system takes Debian itself.
 *
 * @throws Error if there is none, as on systems that are not Debian.
 */
export function mirrorEntry(suite: string, directory = '/etc/apt'): string {
  const mirror = readSources(directory).find(servesDebian)
  if (mirror === undefined) {
    throw new Error(
      `expected a Debian mirror in ${directory}, got none: install Neovim 0.10 or newer and set ORION_NVIM to it`,
    )
  }
  const lines = ['Types: deb', `URIs: ${mirror.uri}`, `Suites: ${suite}`, 'Components: main']
  return `${[...lines, ...mirror.trust].join('\n')}\n`
}

/** The archive itself: neither its security updates nor somebody else's packages. */
function servesDebian({ uri, suites, components }: Source): boolean {
  const isArchive = /\/debian\/?$/.test(uri)
  return isArchive && components.includes('main') && suites.some((suite) => /^\w+$/.test(suite))
}

function readSources(directory: string): Source[] {
  const parts = join(directory, 'sources.list.d')
  const names = existsSync(parts) ? readdirSync(parts).sort() : []
  const paths = [join(directory, 'sources.list'), ...names.map((name) => join(parts, name))]
  return paths.filter(existsSync).flatMap((path) => {
    const text = readFileSync(path, 'utf8').replaceAll(/^\s*#.*\n?/gm, '')
    if (path.endsWith('.sources')) return text.split(/\n\s*\n/).flatMap(fromStanza)
    return path.endsWith('.list') ? text.split('\n').flatMap(fromLine) : []
  })
}

function fromStanza(text: string): Source[] {
  const fields = new Map<string, string>()
  // A line that begins with a space goes on with the field before it, as an inline key does.
  for (const [, name = '', value = ''] of text.matchAll(/^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)) {
    fields.set(name.toLowerCase(), value)
  }
  const words = (name: string): string[] => fields.get(name)?.split(/\s+/).filter(Boolean) ?? []
  if (!words('types').includes('deb') || fields.get('enabled') === 'no') return []
  const trust = ['Signed-By', 'Trusted'].flatMap((name) => {
    const value = fields.get(name.toLowerCase())
    return value === undefined ? [] : [`${name}: ${value}`]
  })
  const [suites, components] = [words('suites'), words('components')]
  return words('uris').map((uri) => ({ uri, suites, components, trust }))
}

function fromLine(line: string): Source[] {
  const parts = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line)
  if (parts === null) return []
  const [, options = '', uri = '', suite = '', components = ''] = parts
  const trust = [...options.matchAll(/(signed-by|trusted)=(\S+)/gi)].map(
    ([, name, value]) => `${name}: ${value?.replaceAll(',', ' ')}`,
  )
  return [{ uri, suites: [suite], components: components.trim().split(/\s+/), trust }]
}
