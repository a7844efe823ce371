/** A window of the editor, in a browser without a screen: what a person does there, and what they see. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core'
import { z } from 'zod'
import { type Sight, sight } from './hands-protocol.ts'
import { describeElements, takeLongestTask, watchLongTasks } from './in-window.ts'
import { shrinkPicture } from './picture-file.ts'

/** Longest wait for something to be seen, in milliseconds: generous, for machines under load. */
const patienceMs = 60_000
/** Where the side bar ends, in pixels from the left. */
const sideBarWidth = 470
/** Longest wait for a window to open, in milliseconds. */
const openMaxMs = 180_000
/** Between two looks at the window: figures are as exact as that. */
const lookAgainMs = 20

/** Starts the browser. */
export async function startBrowser(path: string): Promise<Browser> {
  return await chromium.launch({ executablePath: path, headless: true, args: [...browserFlags] })
}

const browserFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
]

/** A window of the editor. */
export class EditorWindow {
  readonly #context: BrowserContext
  readonly #page: Page

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context
    this.#page = page
  }

  /** Opens a folder, or a file that lists many (`.code-workspace`), as somebody who was never there before. */
  static async open(browser: Browser, options: WindowOptions): Promise<EditorWindow> {
    const { url, workspace, width, height, scale } = options
    const context = await browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: scale,
      locale: 'en-US',
      timezoneId: 'UTC',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const page = await context.newPage()
    await page.addInitScript({ content: watchLongTasks })
    const what = workspace.endsWith('.code-workspace') ? 'workspace' : 'folder'
    await page.goto(`${url}/?${what}=${encodeURIComponent(workspace)}`, {
      waitUntil: 'commit',
      timeout: openMaxMs,
    })
    await page.waitForSelector('.monaco-workbench .statusbar', { timeout: openMaxMs })
    return new EditorWindow(context, page)
  }

  /** Presses keys, such as `Control+Shift+P`. */
  async press(keys: string): Promise<void> {
    await this.#page.keyboard.press(keys)
  }

  /** Writes where the focus is. */
  async type(text: string): Promise<void> {
    await this.#page.keyboard.insertText(text)
  }

  /** Clicks on the first element that fits. */
  async click(options: ElementOptions & ClickOptions): Promise<void> {
    const { button = 'left', clicks = 1 } = options
    const element = await this.#find(options)
    await element.click({ button, clickCount: clicks, timeout: patienceMs })
  }

  /** Moves the pointer over the first element that fits. */
  async hover(options: ElementOptions): Promise<void> {
    await (await this.#find(options)).hover({ timeout: patienceMs })
  }

  /** What all elements that fit show, in the window and in the documents inside of it; nothing is waited for. */
  async look(selector: string): Promise<Sight[]> {
    const seen: Sight[] = []
    for (const frame of this.#page.frames()) {
      const found: unknown = await frame.evaluate(describeElements(selector)).catch(() => [])
      seen.push(...z.array(sight).parse(found))
    }
    return seen
  }

  /** Waits until an element that fits can be seen, or none can; answers when that was, in milliseconds of the clock. */
  async wait(options: ElementOptions & WaitOptions): Promise<number> {
    const { selector, text, gone = false, timeoutMs = patienceMs } = options
    const until = performance.now() + timeoutMs
    for (;;) {
      const there = await this.#visible(selector, text)
      if (there !== gone) return Date.now()
      if (performance.now() > until) {
        const what = `${selector}${text === undefined ? '' : ` with ${JSON.stringify(text)}`}`
        const seen = (await this.look(selector)).map(({ text: shown }) => shown.slice(0, 200))
        throw new Error(`expected ${gone ? 'no ' : ''}${what}, got ${JSON.stringify(seen)}`)
      }
      await sleep(lookAgainMs)
    }
  }

  /** Makes the side bar so wide that rows can be read, by pulling at its edge. */
  async widenSideBar(): Promise<void> {
    const bar = this.#page.locator('.part.sidebar')
    await bar.waitFor({ timeout: patienceMs })
    const box = await bar.boundingBox()
    if (box === null) return
    const y = box.y + box.height / 2
    const { mouse } = this.#page
    await mouse.move(box.x + box.width, y)
    await mouse.down()
    await mouse.move(sideBarWidth, y, { steps: 5 })
    await mouse.up()
  }

  /** Takes a picture of the window, or of its part at the left and the top, made small; answers its size in bytes. */
  async picture(
    file: string,
    part: { readonly width?: number; readonly height?: number } = {},
  ): Promise<number> {
    mkdirSync(dirname(file), { recursive: true })
    const whole = this.#page.viewportSize() ?? { width: 1, height: 1 }
    // Nothing is pointed at: what pops up under the pointer hides what is looked at.
    await this.#page.mouse.move(whole.width - 40, whole.height - 120)
    const clip = {
      x: 0,
      y: 0,
      width: part.width ?? whole.width,
      height: part.height ?? whole.height,
    }
    await this.#page.screenshot({ path: file, clip, caret: 'hide', animations: 'disabled' })
    return shrinkPicture(file)
  }

  /** Longest task of the window since it was asked last, in milliseconds; 0 if none was longer than 50. */
  async longestTask(): Promise<number> {
    return z.number().parse(await this.#page.evaluate(takeLongestTask))
  }

  /** Closes it. */
  async close(): Promise<void> {
    await this.#page.goto('about:blank').catch(() => undefined)
    await this.#context.close()
  }

  /** The first element that fits, wherever it is, once it can be seen. */
  async #find(options: ElementOptions): Promise<Locator> {
    await this.wait(options)
    for (const frame of this.#page.frames()) {
      const found = this.#located(frame.locator(options.selector), options.text)
      if ((await found.count()) > 0) return found.first()
    }
    throw new Error(`expected ${options.selector} to stay`)
  }

  async #visible(selector: string, text: string | undefined): Promise<boolean> {
    for (const frame of this.#page.frames()) {
      const found = this.#located(frame.locator(selector), text).first()
      if (await found.isVisible().catch(() => false)) return true
    }
    return false
  }

  #located(locator: Locator, text: string | undefined): Locator {
    return text === undefined ? locator : locator.filter({ hasText: text })
  }
}

/** How a window is opened. */
export interface WindowOptions {
  readonly url: string
  readonly workspace: string
  readonly width: number
  readonly height: number
  readonly scale: number
}

/** Which element is meant: the first that fits. */
export interface ElementOptions {
  readonly selector: string
  readonly text?: string | undefined
}

interface ClickOptions {
  readonly button?: 'left' | 'right' | undefined
  readonly clicks?: number | undefined
}

interface WaitOptions {
  readonly gone?: boolean | undefined
  readonly timeoutMs?: number | undefined
}
