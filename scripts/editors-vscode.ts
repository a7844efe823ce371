/**
 * Proves the extension in a real VS Code, as a user would install it, and takes its pictures:
 *
 *   npm run editors:vscode                     all of it
 *   npm run editors:vscode -- --only review    the scenarios whose names begin so
 *   npm run editors:vscode -- --again          with the Orion that the run before has packed; the extension is packed anew
 *
 * Once every scenario was played, docs/editors/vscode-result.md and the pictures of docs/editors are written anew.
 *
 * Needs Linux on x64 and, once, about 800 MB for the editor, in `node_modules/.cache/editors` or what `EDITOR_PROOF_CACHE`
 * names. Pictures of a run are in `pictures/` there.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { cacheFolder, projectDirectory } from './editors/cache-folder.ts'
import { chosen } from './editors/chosen.ts'
import { makeDemoPlace } from './editors/demo-place.ts'
import { EditorProfile, type EditorServer } from './editors/editor-server.ts'
import { EditorWindow, startBrowser } from './editors/editor-window.ts'
import { Hands } from './editors/hands.ts'
import { handsVariable } from './editors/hands-protocol.ts'
import { installBrowser, installEditor } from './editors/install-editor.ts'
import { packExtension, packProof } from './editors/pack-extension.ts'
import { pictureMaxBytes } from './editors/picture-file.ts'
import { resultPage } from './editors/result-page.ts'
import { type ScenarioPlan, scenarioPlans } from './editors/scenario-plans.ts'
import { isGood, keepResult, lastResult, type ScenarioResult } from './editors/scenario-result.ts'

const scenarioMaxMs = 600_000
const windowSize = { width: 1280, height: 800, scale: 1 }

const plans = chosen(scenarioPlans, 'scenario')

const pictures = cacheFolder('pictures')
const results: ScenarioResult[] = []

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
  console.log(`  the packed extension has ${Math.round(packed.bytes / 1024)} KiB`)
  const profile = new EditorProfile(editor, place, 'fresh')
  for (const file of [packed.file, await packProof(place.root)]) profile.install(file)
  console.log(`  installed into an empty profile: ${profile.installed().join(', ')}`)
  await hands.listen()
  const server = await profile.start({ [handsVariable]: hands.path })
  try {
    for (const plan of plans) await play(plan, { profile, server, browser })
  } finally {
    await server.close()
    if (!results.every(isGood)) console.log(profile.logs(30))
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
  // As after Ctrl-C: nothing is told of what nobody could see.
  if (!browser.isConnected()) throw new Error('expected a browser, got that it has ended')
  console.log(`> ${name}: ${about}`)
  const result: ScenarioResult = {
    scenario: name,
    at: new Date().toISOString(),
    versions,
    tests: [],
    figures: [],
    pictures: [],
  }
  results.push(result)
  const workspace = await plan.prepare(place)
  profile.configure(settings)
  const began = Date.now()
  let window: EditorWindow | undefined
  try {
    window = await EditorWindow.open(browser, { url: server.url, workspace, ...windowSize })
    console.log(`  the window is there after ${((Date.now() - began) / 1000).toFixed(1)} s`)
    await hands.play({ window, pictures, result }, maxMs)
  } catch (error) {
    await window?.picture(join(pictures, `stuck-${name}.png`))
    result.tests.push({ name: `${name} ends`, ok: false, ms: maxMs, error: String(error) })
    console.log(`  FAIL ${String(error)}`)
  } finally {
    await window?.close()
    // The extension host of a window ends a moment after it.
    await sleep(1000)
  }
  keepResult(result)
}

function finish(): void {
  const tests = results.flatMap((result) => result.tests)
  const failed = tests.filter(({ ok }) => !ok).length
  for (const [name, value] of results.flatMap(({ figures }) => figures)) {
    console.log(`  ${name}: ${value}`)
  }
  console.log(`${tests.length} tests, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
  writeDocuments()
}

/** Writes what the documents keep, once every scenario was played here; what failed is told there too. */
function writeDocuments(): void {
  const played = scenarioPlans.flatMap((plan) => {
    const result = lastResult(plan.name)
    return result === undefined ? [] : [{ plan, result }]
  })
  if (played.length < scenarioPlans.length) {
    console.log('docs/editors stays as it is: not every scenario was played here yet')
    return
  }
  const documents = join(projectDirectory, 'docs', 'editors')
  const text = readFileSync(join(documents, 'vscode.md'), 'utf8')
  const shown = [...text.matchAll(/\]\(pictures\/([\w-]+)\.png\)/g)].map(([, name = '']) => name)
  mkdirSync(join(documents, 'pictures'), { recursive: true })
  for (const name of shown) {
    const taken = played
      .flatMap(({ result }) => result.pictures)
      .find((picture) => picture.name === name)
    if (taken === undefined || taken.bytes > pictureMaxBytes) {
      throw new Error(`expected a picture ${name} of at most ${pictureMaxBytes} bytes`)
    }
    copyFileSync(join(pictures, `${name}.png`), join(documents, 'pictures', `${name}.png`))
  }
  writeFileSync(join(documents, 'vscode-result.md'), resultPage(played))
  console.log('docs/editors/vscode-result.md and the pictures are written')
}
