/**
 * An extension that proves another one: it runs beside it, in the same extension host, does what a person and other programs
 * would do, and looks at what the editor then shows.
 */
import * as vscode from 'vscode'
import { z } from 'zod'
import { handsVariable } from '../../../scripts/editors/hands-protocol.ts'
import { Hands } from './hands-client.ts'
import { pause, runScenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'

/** Called by the editor once it has started. */
export function activate(): void {
  const path = process.env[handsVariable]
  if (path === undefined) return
  void prove(path)
}

async function prove(path: string): Promise<void> {
  const hands = await Hands.connect(path)
  if (await hasLostItsFolders()) {
    const name = 'the editor opened a workspace without its folders, and was loaded again'
    await hands.do({ do: 'figure', name, value: 'yes' })
    await vscode.commands.executeCommand('workbench.action.reloadWindow')
    return // In the window that comes this begins anew.
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? ''
  const name = z
    .string()
    .parse(await hands.do({ do: 'begin', workspace: folder, pid: process.pid }))
  const scenario = scenarios[name]
  try {
    if (scenario === undefined) throw new Error(`expected a scenario, got ${name}`)
    await vscode.commands.executeCommand('orion.jobs.focus')
    await hands.do({ do: 'widen' })
    await runScenario(scenario, { hands, folder })
  } catch (error) {
    await hands.do({ do: 'tell', name: `${name} runs`, ok: false, ms: 0, error: String(error) })
  } finally {
    await hands.do({ do: 'end' })
  }
}

/**
 * Now and then an editor in a browser opens the file of a workspace and has no folders, however long one waits: trusted,
 * with its extensions at work. It has them once it is loaded again.
 */
async function hasLostItsFolders(): Promise<boolean> {
  const { workspaceFile } = vscode.workspace
  if (workspaceFile === undefined) return false
  const until = performance.now() + foldersMaxMs
  while (vscode.workspace.workspaceFolders?.[0] === undefined) {
    if (performance.now() > until) return true
    await pause(100)
  }
  return false
}

const foldersMaxMs = 10_000
