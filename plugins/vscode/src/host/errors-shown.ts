import { commands, type LogOutputChannel, Uri, window } from 'vscode'
import { isOrionError } from '../../../../sdk/errors.ts'
import { problemOf } from '../model/problem.ts'

/** Tells a person what went wrong with what he has just asked for, and offers what helps. Resolves when it was told. */
export async function showProblem(error: unknown, log: LogOutputChannel): Promise<void> {
  if (isOrionError(error, 'cancelled')) return
  logError(error, log)
  const { kind, message, remedy, logPath } = problemOf(error)
  const offers = [
    ...(kind === 'no program' ? [choosing] : []),
    ...(kind === 'no access' ? [token] : []),
    ...(kind === 'no daemon' ? [again] : []),
    ...(logPath === undefined ? [] : [reading]),
  ]
  const chosen = await window.showErrorMessage(`${message} ${remedy}`, ...offers)
  if (chosen === choosing) {
    await commands.executeCommand('workbench.action.openSettings', 'orion.program')
  } else if (chosen === token) await commands.executeCommand('orion.setToken')
  else if (chosen === again) await commands.executeCommand('orion.connect')
  else if (chosen === reading && logPath !== undefined)
    await window.showTextDocument(Uri.file(logPath))
}

/** Writes what went wrong where nobody is disturbed. */
export function logError(error: unknown, log: LogOutputChannel): void {
  if (isOrionError(error)) log.warn(`${error.kind}: ${error.message}`)
  else log.error(error instanceof Error ? error : String(error))
}

const choosing = 'Choose the Program'
const token = 'Enter a Token'
const again = 'Try Again'
const reading = 'Read the Log'
