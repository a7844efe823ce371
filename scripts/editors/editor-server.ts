/** The editor's server: one process of VS Code's own, with a profile of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoPlace } from './demo-place.ts'
import type { InstalledEditor } from './install-editor.ts'
import { runCommand } from './run-command.ts'

/** Longest wait for the server, in milliseconds. */
const startMaxMs = 120_000

/** A profile: settings, extensions, state. */
export class EditorProfile {
  readonly #editor: InstalledEditor
  readonly #place: DemoPlace
  readonly #data: string
  readonly #extensions: string

  constructor(editor: InstalledEditor, place: DemoPlace, name: string) {
    this.#editor = editor
    this.#place = place
    this.#data = join(place.root, 'profiles', name, 'data')
    this.#extensions = join(place.root, 'profiles', name, 'extensions')
    for (const scope of ['User', 'Machine']) {
      mkdirSync(join(this.#data, scope), { recursive: true })
    }
    mkdirSync(this.#extensions, { recursive: true })
    writeFileSync(join(this.#data, 'config.yaml'), '')
    this.configure({})
  }

  /** Writes the user's settings: the quiet ones, and these. */
  configure(settings: { readonly [name: string]: unknown }): void {
    const all = { ...quietSettings, ...settings }
    // Settings that name programs count only as those of the machine on which extensions run.
    for (const scope of ['User', 'Machine']) {
      writeFileSync(join(this.#data, scope, 'settings.json'), JSON.stringify(all, undefined, 2))
    }
  }

  /** Installs a packed extension as a user does; answers what the editor said. */
  install(file: string): string {
    return runCommand(this.#editor.node, [...this.#command(), '--install-extension', file], {
      env: this.#place.env,
    })
  }

  /** Names of the extensions that are installed. */
  installed(): string[] {
    return readdirSync(this.#extensions).filter(
      (name) => !name.endsWith('.json') && !name.startsWith('.'),
    )
  }

  /** Starts the server. */
  async start(env: NodeJS.ProcessEnv = {}): Promise<EditorServer> {
    const port = await freePort()
    const args = [...this.#command(), '--bind-addr', `127.0.0.1:${port}`, ...serverFlags]
    const child = spawn(this.#editor.node, args, {
      env: { ...this.#place.env, ...env },
      cwd: this.#place.root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-8000)
      })
    }
    const server = new EditorServer(child, `http://127.0.0.1:${port}`)
    const until = Date.now() + startMaxMs
    while (!(await answers(server.url))) {
      if (child.exitCode !== null || Date.now() > until) {
        await server.close()
        throw new Error(`expected the editor's server to start, got:\n${said}`)
      }
      await sleep(100)
    }
    return server
  }

  /** The last lines that extensions' hosts have logged. */
  logs(lines: number): string {
    const folder = join(this.#data, 'logs')
    if (!existsSync(folder)) return ''
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.log') && /exthost|orion/i.test(path))
      .map((path) => {
        const text = readFileSync(join(folder, path), 'utf8').trim().split('\n')
        return `--- ${path}\n${text.slice(-lines).join('\n')}`
      })
      .join('\n')
  }

  #command(): string[] {
    const folders = ['--user-data-dir', this.#data, '--extensions-dir', this.#extensions]
    return [this.#editor.entry, '--config', join(this.#data, 'config.yaml'), ...folders]
  }
}

/** A server that runs. */
export class EditorServer {
  readonly url: string
  readonly #child: ChildProcess

  /** Made by `EditorProfile.start`. */
  constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  /** Ends it. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.kill('SIGTERM')
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(patience)
  }
}

const serverFlags = [
  '--auth',
  'none',
  '--disable-telemetry',
  '--disable-update-check',
  '--disable-getting-started-override',
]

/** What would stand in the way of looking at one thing. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.layoutControl.enabled': false,
  'workbench.editor.enablePreview': true,
  'workbench.enableExperiments': false,
  'window.commandCenter': false,
  'window.menuBarVisibility': 'compact',
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'chat.disableAIFeatures': true,
  'editor.minimap.enabled': false,
  'editor.fontFamily': "'JetBrains Mono', monospace",
  'editor.accessibilitySupport': 'off',
  'git.openRepositoryInParentFolders': 'never',
  'git.autofetch': false,
  'npm.autoDetect': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok
  } catch {
    return false // Not yet.
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('expected a port')
  return address.port
}
