/** Does what the tests inside the editor ask for, in the window that a browser shows. */
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { z } from 'zod'
import type { EditorWindow } from './editor-window.ts'
import { asked, type Deed, type deed } from './hands-protocol.ts'
import type { ScenarioResult } from './scenario-result.ts'

/** One scenario: the window, and what is noted of it. */
export interface Stage {
  readonly window: EditorWindow
  /** Where pictures go. */
  readonly pictures: string
  readonly result: ScenarioResult
}

/** The socket on which the tests ask. */
export class Hands {
  readonly path: string
  readonly #server: Server
  #stage: Stage | undefined
  #over: (() => void) | undefined

  constructor(path: string) {
    this.path = path
    this.#server = createServer((socket) => this.#serve(socket))
  }

  /** Begins to listen. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.path, resolve))
  }

  /**
   * Serves one scenario until its tests say that they are done.
   *
   * @throws Error if they are not within the time.
   */
  async play(stage: Stage, maxMs: number): Promise<void> {
    this.#stage = stage
    try {
      await new Promise<void>((resolve, reject) => {
        const late = new Error(`expected ${stage.result.scenario} to end within ${maxMs / 1000} s`)
        const timer = setTimeout(() => reject(late), maxMs)
        this.#over = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    } finally {
      this.#stage = undefined
    }
  }

  /** Ends it. */
  close(): void {
    this.#server.close()
  }

  #serve(socket: Socket): void {
    socket.on('error', () => undefined)
    const lines = createInterface({ input: socket })
    // A window that is closed may take its end of the line with it; the interface tells that too.
    lines.on('error', () => undefined)
    lines.on('line', (line) => {
      const { id, deed: wanted } = asked.parse(JSON.parse(line))
      void this.#do(wanted).then(
        (answer) => socket.write(`${JSON.stringify({ id, answer })}\n`),
        (error: unknown) => socket.write(`${JSON.stringify({ id, error: String(error) })}\n`),
      )
    })
  }

  async #do(wanted: z.output<typeof deed>): Promise<unknown> {
    const stage = this.#stage
    if (stage === undefined) throw new Error('expected a scenario that is played')
    const { window } = stage
    switch (wanted.do) {
      case 'begin':
        return stage.result.scenario
      case 'press':
        return await window.press(wanted.keys)
      case 'type':
        return await window.type(wanted.text)
      case 'click':
        return await window.click(wanted)
      case 'hover':
        return await window.hover(wanted)
      case 'look':
        return await window.look(wanted.selector)
      case 'await':
        return await window.wait(wanted)
      case 'widen':
        return await window.widenSideBar()
      case 'longest-task':
        return await window.longestTask()
      case 'picture':
        return await takePicture(stage, wanted)
      case 'tell':
        return tell(stage, wanted)
      case 'figure':
        return void stage.result.figures.push([wanted.name, wanted.value])
      case 'end':
        return this.#over?.()
      default:
        return wanted satisfies never
    }
  }
}

async function takePicture(stage: Stage, wanted: Extract<Deed, { do: 'picture' }>): Promise<void> {
  const { name, width, height } = wanted
  const file = join(stage.pictures, `${name}.png`)
  const part = {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  }
  const bytes = await stage.window.picture(file, part)
  stage.result.pictures.push({ name, bytes })
}

function tell({ result }: Stage, wanted: Extract<Deed, { do: 'tell' }>): void {
  const { name, ok, ms, error } = wanted
  result.tests.push({ name, ok, ms, error })
  console.log(`  ${ok ? 'ok  ' : 'FAIL'} ${name} (${(ms / 1000).toFixed(1)} s)`)
  if (error !== undefined) console.log(error.replaceAll(/^/gm, '         '))
}
