/**
 * Takes the pictures of Neovim, Emacs and Helix in docs/editors: the real editors, with real data of a real daemon.
 *
 *   npm run editors:pictures                     all of them
 *   npm run editors:pictures -- --only emacs     those whose names begin so
 *   npm run editors:pictures -- --again          with the Orion that the run before has packed
 *
 * Needs tmux, Emacs, and what `npm run editors:vscode` needs of the system: Chromium, fonts and pngquant. Neovim and Helix are
 * those of `tsx scripts/install-editors.ts`, or on the path.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { projectDirectory } from './editors/cache-folder.ts'
import { chosen } from './editors/chosen.ts'
import { type DemoPlace, makeDemoPlace } from './editors/demo-place.ts'
import { demoFiles } from './editors/demo-repository.ts'
import { fillStore, startLongJob } from './editors/demo-store.ts'
import { startBrowser } from './editors/editor-window.ts'
import { installBrowser } from './editors/install-editor.ts'
import { pictureMaxBytes, shrinkPicture } from './editors/picture-file.ts'
import { Terminal } from './editors/terminal.ts'
import { terminalPage } from './editors/terminal-page.ts'
import { type TerminalScene, terminalScenes } from './editors/terminal-scenes.ts'

const scenes = chosen(terminalScenes, 'picture')

const browserPath = installBrowser()
const place = await makeDemoPlace(process.argv.includes('--again'))
const browser = await startBrowser(browserPath)
try {
  place.makeRepository('parcel-tracker', demoFiles)
  await fillStore(place, place.repository)
  startLongJob(place, place.repository, 'load-test')
  for (const scene of scenes) await take(scene, place, browser)
} finally {
  await browser.close()
  await place.clear()
}

async function take(scene: TerminalScene, place: DemoPlace, browser: Browser): Promise<void> {
  const { editor, name, files, columns, rows } = scene
  const program = editor.programs.find((path) => spawnSync(path, ['--version']).status === 0)
  if (program === undefined)
    throw new Error(`expected ${editor.name}: ${editor.programs.join(', ')}`)
  const command = editor.prepare(place, program, files)
  const terminal = Terminal.open(place, { command, cwd: place.repository, columns, rows })
  try {
    await scene.play(terminal, place)
    const page = await browser.newPage({
      viewport: { width: 1600, height: 1000 },
      deviceScaleFactor: 1,
    })
    await page.setContent(terminalPage(terminal.look(), editor.colours))
    const folder = join(projectDirectory, 'docs', 'editors', 'pictures')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `${name}.png`)
    await page.locator('#screen').screenshot({ path: file })
    await page.close()
    const size = shrinkPicture(file)
    if (size > pictureMaxBytes) throw new Error(`expected ${pictureMaxBytes} bytes, got ${size}`)
    console.log(`${name}: ${size} bytes`)
  } finally {
    terminal.close()
  }
}
