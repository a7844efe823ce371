/**
 * Proves the extension in a real VS Code, as a user would install it, and takes its pictures:
 *
 *   npm run editors:vscode                     all of it; then writes docs/editors/vscode-result.md and the pictures
 *   npm run editors:vscode -- --only review    the scenarios with such a name; writes nothing into docs
 *   npm run editors:vscode -- --again          with the Orion that the run before has packed; the extension is packed anew
 *
 * Needs Linux on x64 and, once, about 800 MB for the editor, in `node_modules/.cache/editors` or what `EDITOR_PROOF_CACHE`
 * names. Pictures of a run are in `pictures/` there.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { cacheFolder, projectDirectory } from './editors/cache-folder.ts'
import { makeDemoPlace } from './editors/demo-place.ts'
import { EditorProfile, type EditorServer } from './editors/editor-server.ts'
import { EditorWindow, startBrowser } from './editors/editor-window.ts'
import { Hands, type Stage, type Taken, type Told } from './editors/hands.ts'
import { handsVariable } from './editors/hands-protocol.ts'
import { installBrowser, installEditor } from './editors/install-editor.ts'
import { packExtension, packProof } from './editors/pack-extension.ts'
import { resultPage } from './editors/result-page.ts'
import { type ScenarioPlan, scenarioPlans } from './editors/scenario-plans.ts'

/** Longest picture that the documents keep, in bytes. */
const pictureMaxBytes = 150_000
const scenarioMaxMs = 600_000
const windowSize = { width: 1280, height: 800, scale: 1 }

const only = process.argv.flatMap((argument, index, all) =>
  all[index - 1] === '--only' ? argument.split(',') : [],
)
const plans = scenarioPlans.filter(
  ({ name }) => only.length === 0 || only.some((part) => name.startsWith(part)),
)
if (plans.length === 0) throw new Error(`expected a scenario named like ${only.join(' or ')}`)

const told: Told[] = []
const taken: Taken[] = []
const figures = new Map<string, string>()
const pictures = cacheFolder('pictures')
rmSync(pictures, { recursive: true, force: true })
mkdirSync(pictures)

console.log('> editor and browser')
const editor = installEditor()
const browserPath = installBrowser()
console.log('> a place with Orion installed, and the extension packed')
const place = await makeDemoPlace(process.argv.includes('--again'))
const hands = new Hands(join(place.root, 'hands.sock'))
const browser = await startBrowser(browserPath)
const versions = {
  'VS Code (code-server)': editor.version,
  Chromium: browser.version(),
  'Node of the extension host': editor.nodeVersion,
  'Node of the daemon': process.versions.node,
}
try {
  const packed = packExtension()
  figures.set('size of the packed extension', `${Math.round(packed.bytes / 1024)} KiB`)
  const profile = new EditorProfile(editor, place, 'fresh')
  for (const file of [packed.file, await packProof(place.root)]) profile.install(file)
  console.log(`  installed into an empty profile: ${profile.installed().join(', ')}`)
  await hands.listen()
  const server = await profile.start({ [handsVariable]: hands.path })
  try {
    for (const plan of plans) await play(plan, { profile, server, browser })
  } finally {
    await server.close()
    if (told.some(({ ok }) => !ok)) console.log(profile.logs(30))
  }
} finally {
  hands.close()
  await browser.close()
  await place.clear()
}
finish()

async function play(
  plan: ScenarioPlan,
  { profile, server, browser }: { profile: EditorProfile; server: EditorServer; browser: Browser },
): Promise<void> {
  const { name, about, settings = {}, maxMs = scenarioMaxMs } = plan
  console.log(`> ${name}: ${about}`)
  const workspace = await plan.prepare(place)
  profile.configure(settings)
  const began = Date.now()
  const window = await EditorWindow.open(browser, { url: server.url, workspace, ...windowSize })
  const stage: Stage = { scenario: name, window, pictures, told, taken, figures }
  console.log(`  the window is there after ${((Date.now() - began) / 1000).toFixed(1)} s`)
  try {
    await hands.play(stage, maxMs)
  } catch (error) {
    await window.picture(join(pictures, `stuck-${name}.png`))
    told.push({ scenario: name, name: `${name} ends`, ok: false, ms: maxMs, error: String(error) })
    console.log(`  FAIL ${String(error)}`)
  } finally {
    await window.close()
    // The extension host of a window ends a moment after it.
    await sleep(1000)
  }
}

function finish(): void {
  const failed = told.filter(({ ok }) => !ok)
  for (const { name, bytes, keep } of taken) {
    if (keep) console.log(`  picture ${name}: ${Math.round(bytes / 1024)} KiB`)
    if (keep && bytes > pictureMaxBytes) failed.push(tooLarge(name, bytes))
  }
  for (const [name, value] of figures) console.log(`  ${name}: ${value}`)
  console.log(`${told.length} tests, ${failed.length} failed`)
  if (failed.length > 0) process.exitCode = 1
  else if (only.length === 0) keepResult()
}

function tooLarge(name: string, bytes: number): Told {
  const error = `expected at most ${pictureMaxBytes} bytes, got ${bytes}`
  console.log(`  FAIL picture ${name}: ${error}`)
  return { scenario: 'pictures', name: `${name} is small`, ok: false, ms: 0, error }
}

function keepResult(): void {
  const documents = join(projectDirectory, 'docs', 'editors')
  const kept = join(documents, 'pictures')
  mkdirSync(kept, { recursive: true })
  for (const { name, file, keep } of taken) if (keep) copyFileSync(file, join(kept, `${name}.png`))
  const page = resultPage({ date: new Date(), versions, plans, told, figures })
  writeFileSync(join(documents, 'vscode-result.md'), page)
  console.log('docs/editors/vscode-result.md and pictures are written')
}
