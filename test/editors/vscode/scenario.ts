/** A few words to write tests with that run where no test runner can: inside of an editor. */
import * as vscode from 'vscode'
import type { Hands } from './hands-client.ts'

/** What a test is given. */
export interface Scene {
  readonly hands: Hands
  /** The folder that is open, or the first of them. */
  readonly folder: string
}

/** A test: a sentence in the present tense, and what proves it. */
export type ProofTest = readonly [name: string, prove: (scene: Scene) => Promise<void>]

/** The tests of a scenario, in the order in which they run. */
export type Scenario = readonly ProofTest[]

/** Runs the tests one after another; those after a failure run too. */
export async function runScenario(scenario: Scenario, scene: Scene): Promise<void> {
  for (const [name, prove] of scenario) {
    const began = performance.now()
    let error: string | undefined
    try {
      await inTime(prove(scene))
    } catch (thrown) {
      error = `${told(thrown).slice(0, 3000)}\n${surroundings()}`
    }
    const ms = performance.now() - began
    const failed = error === undefined ? {} : { error }
    if (error !== undefined) await scene.hands.picture(`failed-${slug(name)}`)
    await scene.hands.do({ do: 'tell', name, ok: error === undefined, ms, ...failed })
  }
}

/** Waits until a condition holds, and answers what it found. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  timeoutMs = patienceMs,
): Promise<T> {
  const until = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const found = await look()
      if (found !== undefined) return found
    } catch (error) {
      last = error
    }
    if (performance.now() > until) {
      throw new Error(`expected ${what} within ${timeoutMs} ms, got nothing`, { cause: last })
    }
    await pause(lookAgainMs)
  }
}

/** Lets a moment go by: only to look again, never to hope that something is done. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** An error with its causes, and where in the tests it was. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const where = (error.stack ?? '').split('\n').filter((line) => /extension\.cjs/.test(line))
  const cause = error.cause === undefined ? '' : `\nbecause of ${told(error.cause)}`
  return [error.message, ...where.slice(0, 2)].join('\n') + cause
}

/** What the editor believes of the window and of the extension, for whoever looks for a cause. */
function surroundings(): string {
  const { isTrusted, workspaceFolders = [], workspaceFile } = vscode.workspace
  const extension = vscode.extensions.getExtension('orion.orion-vscode')
  const state = extension === undefined ? 'not there' : extension.isActive ? 'active' : 'not active'
  const folders = workspaceFolders.map(({ uri }) => uri.toString())
  return JSON.stringify({ isTrusted, folders, workspaceFile, extension: state, pid: process.pid })
}

const patienceMs = 60_000
const testMaxMs = 240_000
const lookAgainMs = 25

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`expected an end within ${testMaxMs / 1000} s`)
    timer = setTimeout(() => reject(error), testMaxMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
}
