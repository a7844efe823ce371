/** Where things are in the window. */
import * as vscode from 'vscode'
import type { Sight } from '../../../scripts/editors/hands-protocol.ts'
import type { Hands } from './hands-client.ts'
import { eventually } from './scenario.ts'

/** A view of the extension. */
export type ViewName = 'jobs' | 'proposals' | 'insights' | 'patterns' | 'log'

const titles: { readonly [V in ViewName]: string } = {
  jobs: 'Jobs',
  proposals: 'Proposals',
  insights: 'Insights',
  patterns: 'Patterns',
  log: 'Action Log',
}

/** The rows of a view that are drawn. */
export function rowsIn(view: ViewName): string {
  return `.pane-body .monaco-list[aria-label="${titles[view]}"] .monaco-list-row`
}

/** Entries of the status bar that are the extension's. */
export const statusEntry = '.statusbar-item[id^="orion."]'
/** The list under the input at the top. */
export const pickRows = '.quick-input-widget .monaco-list-row'
export const pickInput = '.quick-input-widget .quick-input-box input'
/** What pops up at the bottom. */
export const toast = '.notification-toast'
/** A question that has to be answered before anything else. */
export const dialog = '.monaco-dialog-box'
export const dialogButton = `${dialog} .monaco-button`
/** The text in a view that has no rows. */
export const welcome = '.pane-body .welcome-view-content'

/** Opens the side bar with one view in it. */
export async function openView(view: ViewName): Promise<void> {
  await vscode.commands.executeCommand(`orion.${view}.focus`)
}

/** Opens the side bar with one view alone. */
export async function openAlone(hands: Hands, view: ViewName): Promise<void> {
  await openView(view)
  await hands.see(`.pane-header.expanded[aria-label^="${titles[view]}"]`)
  for (const [other, title] of Object.entries(titles)) {
    const open = `.pane-header.expanded[aria-label^="${title}"]`
    if (other === view) continue
    await eventually(`${title} to close`, async () => {
      // Where another view has just closed, this one moves away under the pointer.
      if ((await hands.look(open)).length > 0) await hands.click(`${open} .title`)
      return await hands.miss(open, undefined, closeMs).catch(() => undefined)
    })
  }
}

/** Rows of a view, as soon as one fits. */
export async function seeRows(
  hands: Hands,
  view: ViewName,
  fits: (rows: readonly Sight[]) => boolean,
): Promise<readonly Sight[]> {
  let seen: readonly Sight[] = []
  try {
    return await eventually(`other rows of ${view}`, async () => {
      seen = await hands.look(rowsIn(view))
      return fits(seen) ? seen : undefined
    })
  } catch (error) {
    const labels = seen.map(({ label }) => label).join('\n  ')
    throw new Error(`rows of ${view} were\n  ${labels}`, { cause: error })
  }
}

/** The text of the document that is looked at. */
export function activeText(): string {
  return vscode.window.activeTextEditor?.document.getText() ?? ''
}

/** Waits until the document that is looked at fits. */
export async function seeText(what: string, fits: (text: string) => boolean): Promise<string> {
  try {
    return await eventually(what, () => (fits(activeText()) ? activeText() : undefined), 20_000)
  } catch (error) {
    const text = activeText()
    throw new Error(`the document was ${JSON.stringify(text.slice(0, 2000))}`, { cause: error })
  }
}

const closeMs = 2000

/** Closes all editors, without a question. */
export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor')
  await vscode.commands.executeCommand('workbench.action.closeAllEditors')
}

/** Takes notifications away. */
export async function clearToasts(): Promise<void> {
  await vscode.commands.executeCommand('notifications.clearAll')
}
