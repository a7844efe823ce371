import {
  type Disposable,
  MarkdownString,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  window,
  workspace,
} from 'vscode'
import { type StoreStatus, statusText } from '../model/status-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import { readSettings } from './settings.ts'
import type { Stores } from './stores.ts'

/** The entry of the status bar: whether there is a connection, what fails, and what waits for the reader. */
export class StatusItem implements Disposable {
  readonly #item: StatusBarItem
  readonly #stores: Stores
  readonly #registrations: Disposable[]

  constructor(stores: Stores) {
    this.#stores = stores
    this.#item = window.createStatusBarItem('orion.status', StatusBarAlignment.Left, 40)
    this.#item.name = 'Orion'
    this.#item.command = 'orion.showMenu'
    this.#registrations = [
      stores.onState(() => this.#draw()),
      stores.onNews(() => this.#draw()),
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('orion.statusBar')) this.#draw()
      }),
    ]
    this.#draw()
  }

  dispose(): void {
    for (const one of this.#registrations) one.dispose()
    this.#item.dispose()
  }

  #draw(): void {
    const { face, sessions, problem } = this.#stores
    if (!readSettings().statusBar || face === 'noFolder') {
      this.#item.hide()
      return
    }
    const { text, spoken, lines, level } = statusText(face, sessions.map(statusOf), problem)
    const tooltip = new MarkdownString()
    for (const [index, line] of lines.entries()) {
      if (index > 0) tooltip.appendMarkdown('\n\n')
      tooltip.appendText(line)
    }
    if (this.#item.text !== text) this.#item.text = text
    this.#item.tooltip = tooltip
    this.#item.accessibilityInformation = { label: spoken }
    this.#item.backgroundColor =
      level === 'plain' ? undefined : new ThemeColor('statusBarItem.warningBackground')
    this.#item.show()
  }
}

function statusOf({ place, link, summary, hasSummary }: StoreSession): StoreStatus {
  const { state } = link
  const known = hasSummary && link.client !== undefined
  return {
    name: place.name,
    directory: place.directory,
    state,
    failing: known ? summary.failing.map(({ jobId }) => jobId) : [],
    running: known ? summary.running.length : 0,
    waiting: known ? summary.waiting.length : 0,
  }
}
