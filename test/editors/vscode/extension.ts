/**
 * An extension that proves another one: it runs beside it, in the same extension host, does what a person and other programs
 * would do, and looks at what the editor then shows.
 */
import * as vscode from 'vscode'
import { z } from 'zod'
import { handsVariable } from '../../../scripts/editors/hands-protocol.ts'
import { Hands } from './hands-client.ts'
import { runScenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'

/** Called by the editor once it has started. */
export function activate(): void {
  const path = process.env[handsVariable]
  if (path === undefined) return
  void prove(path)
}

async function prove(path: string): Promise<void> {
  const hands = await Hands.connect(path)
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
