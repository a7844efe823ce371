/** What the pictures of editors in a terminal show, and how a person would come to see it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OrionInsight } from '../../plugins/orion/index.ts'
import { projectDirectory } from './cache-folder.ts'
import type { DemoPlace } from './demo-place.ts'
import { connectTo } from './demo-store.ts'
import type { Terminal } from './terminal.ts'
import type { TerminalColours } from './terminal-page.ts'

/** One picture. */
export interface TerminalScene {
  /** Of its file. */
  readonly name: string
  readonly editor: EditorInTerminal
  readonly columns: number
  readonly rows: number
  /** Files that are open at the start. */
  readonly files: readonly string[]
  readonly play: (terminal: Terminal, place: DemoPlace) => Promise<void>
}

/** How an editor is run, with settings that its page tells of. */
export interface EditorInTerminal {
  readonly name: string
  readonly programs: readonly string[]
  readonly colours: TerminalColours
  /** Writes settings, and gives the command that opens files. */
  readonly prepare: (
    place: DemoPlace,
    program: string,
    files: readonly string[],
  ) => readonly string[]
}

const installed = (place: DemoPlace, plugin: string): string =>
  join(place.root, 'usr', 'lib', 'node_modules', 'orion', 'plugins', plugin)

function write(directory: string, name: string, text: string): string {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

const neovim: EditorInTerminal = {
  name: 'Neovim',
  programs: [join(projectDirectory, '.cache', 'neovim-newest', 'nvim'), 'nvim'],
  colours: { background: '#14161b', text: '#e0e2ea' },
  prepare: (place, program, files) => {
    const text = `vim.opt.runtimepath:append('${installed(place, 'nvim')}')
require('orion').setup()
vim.o.termguicolors = true
vim.o.background = 'dark'
vim.o.laststatus = 3
vim.o.statusline = " %f %m%=%{v:lua.require'orion'.status()}  %l:%c "
vim.o.shortmess = vim.o.shortmess .. 'I'
vim.opt.fillchars = { eob = ' ' }
vim.o.ruler, vim.o.showcmd, vim.o.swapfile, vim.o.hlsearch = false, false, false, false
`
    const settings = write(join(place.root, 'home', 'nvim'), 'init.lua', text)
    const socket = join(place.root, 'nvim.sock')
    // One that was only unpacked can't start itself, which it does to draw on a terminal; so both of its halves are started.
    const server = `"$0" --headless --clean -u "$1" --listen "$2" "$3" & while ! [ -S "$2" ]; do sleep 0.1; done`
    const script = `rm -f "$2"; ${server}; exec "$0" --remote-ui --server "$2"`
    return ['sh', '-c', script, program, settings, socket, ...files]
  },
}

const line = (terminal: Terminal, text: string): void => {
  terminal.type(`:${text}`)
  terminal.press('Enter')
}

const helix: EditorInTerminal = {
  name: 'Helix',
  programs: [join(projectDirectory, '.cache', 'helix', 'hx'), 'hx'],
  colours: { background: '#3b224c', text: '#a4a0e8' },
  prepare: (place, program, files) => {
    const settings = join(place.root, 'home', '.config', 'helix')
    write(
      settings,
      'languages.toml',
      `[language-server.orion]
command = "orion"
args = ["lsp"]

[[language]]
name = "orion"
scope = "text.orion"
file-types = ["orion"]
roots = []
language-servers = ["orion"]

[[language]]
name = "javascript"
language-servers = ["orion"]
`,
    )
    const look = `[editor]
true-color = true
statusline.left = ["mode", "file-base-name"]
`
    write(settings, 'config.toml', look)
    return [program, ...files]
  },
}

const emacs: EditorInTerminal = {
  name: 'Emacs',
  programs: [process.env.ORION_EMACS ?? 'emacs'],
  colours: { background: '#ffffff', text: '#000000' },
  prepare: (place, program, files) => {
    const text = `(load-theme 'modus-operandi t)
(menu-bar-mode -1)
(setq inhibit-startup-screen t make-backup-files nil suggest-key-bindings nil auto-save-default nil)
(add-to-list 'load-path "${installed(place, 'emacs')}")
(require 'orion)
`
    const settings = write(join(place.root, 'home', 'emacs'), 'init.el', text)
    return [program, '-nw', '-Q', '--load', settings, ...files]
  },
}

const command = (terminal: Terminal, name: string): void => {
  terminal.press('M-x')
  terminal.type(name)
  terminal.press('Enter')
}

const workspace = { columns: 112, rows: 30, files: ['src/carrier-webhook.js'] } as const

/** Every picture, in the order in which they are taken. */
export const terminalScenes: readonly TerminalScene[] = [
  {
    name: 'neovim-jobs',
    editor: neovim,
    ...workspace,
    play: async (terminal) => {
      await terminal.wait('takeWebhook')
      line(terminal, 'split')
      line(terminal, 'Orion jobs')
      line(terminal, 'resize 18')
      terminal.press('C-l')
      await terminal.wait('4 failing')
    },
  },
  {
    name: 'neovim-review',
    editor: neovim,
    ...workspace,
    play: async (terminal) => {
      line(terminal, 'Orion proposals')
      await terminal.wait('Two insights')
      line(terminal, 'call search("Two insights")')
      terminal.press('Enter', 'C-l')
      await terminal.wait('digest')
    },
  },
  {
    name: 'neovim-conflict',
    editor: neovim,
    ...workspace,
    rows: 22,
    play: async (terminal, place) => {
      // What it says takes two lines.
      line(terminal, 'set cmdheight=2')
      line(terminal, 'Orion edit OrionInsight index-lock')
      await terminal.wait('"summary"')
      line(terminal, '%s/"confidenceScore": 1/"confidenceScore": 0.8/')
      await terminal.wait('0.8')
      await changeBehind(place, 'index-lock', { tags: ['postgres', 'migration', 'lock'] })
      line(terminal, 'write')
      await terminal.wait('"lock"')
      await terminal.wait('4 failing')
    },
  },
  {
    name: 'emacs-insights',
    editor: emacs,
    ...workspace,
    play: async (terminal) => {
      await terminal.wait('takeWebhook')
      command(terminal, 'orion-insights')
      await terminal.wait('CONCURRENTLY')
      terminal.press('C-x', '2')
      terminal.press('C-x', 'o')
      command(terminal, 'orion-show')
      terminal.type('OrionInsight')
      terminal.press('Enter')
      terminal.type('midnight')
      terminal.press('Enter')
      await terminal.wait('version 4')
    },
  },
  {
    name: 'emacs-conflict',
    editor: emacs,
    ...workspace,
    play: async (terminal, place) => {
      await terminal.wait('takeWebhook')
      command(terminal, 'eval-expression')
      terminal.type('(orion-edit "OrionInsight" "token-in-url")')
      terminal.press('Enter')
      await terminal.wait('"confidenceScore"')
      terminal.press('C-x', '1')
      terminal.press('C-s')
      terminal.type('Score": 1')
      terminal.press('Enter', 'BSpace')
      terminal.type('0.9')
      await changeBehind(place, 'token-in-url', { tags: ['secrets', 'proxy', 'log'] })
      terminal.press('C-c', 'C-c')
      await terminal.wait('was first')
    },
  },
  {
    name: 'helix-jobs',
    editor: helix,
    ...workspace,
    play: async (terminal) => {
      await terminal.wait('takeWebhook')
      await atLast(terminal, 'lsp-workspace-command orion.jobs', 'contract-tests')
    },
  },
  {
    name: 'helix-review',
    editor: helix,
    ...workspace,
    play: async (terminal) => {
      await terminal.wait('takeWebhook')
      await atLast(terminal, 'lsp-workspace-command orion.review', 'digest')
      // The menu opens below the cursor.
      terminal.type('ge')
      terminal.type(' a')
      await terminal.wait('approve exactly this')
    },
  },
]

/** Runs a command again until the language server is there. */
async function atLast(terminal: Terminal, command: string, text: string): Promise<void> {
  for (let tries = 0; tries < 20 && !(await terminal.shows(text, 2000)); tries += 1) {
    terminal.press('Escape')
    line(terminal, command)
  }
  await terminal.wait(text)
}

/** Somebody else is first. */
async function changeBehind(
  place: DemoPlace,
  id: string,
  set: Readonly<Record<string, string[]>>,
): Promise<void> {
  const client = await connectTo(place, place.repository, 'agent:ci-doctor')
  const insights = client.repository(OrionInsight)
  const { version } = await insights.get(id)
  await insights.update(id, { expectedVersion: version, set })
  await client.close()
}
