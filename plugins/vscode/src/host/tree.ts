import {
  type Disposable,
  EventEmitter,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  window,
} from 'vscode'
import { counted, shortTime } from '../model/instants.ts'
import { problemLine, problemOf } from '../model/problem.ts'
import { RefreshScheduler } from '../model/refresh-scheduler.ts'
import type { RowIcon, TreeNode } from '../model/rows.ts'
import { plainLine, visibleLine } from '../model/visible-text.ts'
import type { StoreSession, ViewName } from '../views/store-session.ts'
import type { StoreChange, Stores } from './stores.ts'

/** A row of a tree in the editor, with the store it came from. */
export interface StoreNode {
  readonly session: StoreSession
  readonly node: TreeNode
}

/**
 * One view: the rows of each store, under the store’s name when there are several. However much happens, it is drawn anew at
 * most once an interval, only while it is seen, and never while the editor still reads what it asked for before.
 */
export class StoreTree implements TreeDataProvider<StoreNode>, Disposable {
  readonly view: TreeView<StoreNode>
  readonly name: ViewName
  readonly #stores: Stores
  readonly #emitter = new EventEmitter<undefined>()
  readonly #scheduler: RefreshScheduler
  readonly #registrations: Disposable[]
  readonly #report: (error: unknown) => void
  /** Reads that the editor waits for. */
  readonly #reads = new Set<Promise<unknown>>()
  /** The rows of this view that continue a list. */
  readonly #continued = new WeakSet<StoreNode>()

  readonly onDidChangeTreeData = this.#emitter.event

  constructor(
    name: ViewName,
    parts: {
      readonly stores: Stores
      readonly intervalMs: number
      readonly report: (error: unknown) => void
    },
  ) {
    this.name = name
    this.#stores = parts.stores
    this.#report = parts.report
    this.#scheduler = new RefreshScheduler(async () => await this.#draw(), {
      intervalMs: parts.intervalMs,
      onError: parts.report,
    })
    this.view = window.createTreeView(`orion.${name}`, {
      treeDataProvider: this,
      showCollapseAll: name !== 'log' && name !== 'patterns',
    })
    this.#scheduler.pause(!this.view.visible)
    this.#registrations = [
      this.view.onDidChangeVisibility(({ visible }) => this.#scheduler.pause(!visible)),
      this.#stores.onState(() => this.refresh()),
      this.#stores.onChange((change) => this.#take(change)),
      this.#stores.onNews(() => {
        if (this.name === 'jobs') this.refresh()
        if (this.name === 'proposals') this.#tellWaiting()
      }),
    ]
    this.#tellConnection()
  }

  /** Draws it anew, soon. */
  refresh(): void {
    this.#tellConnection()
    this.#scheduler.request()
  }

  /** Continues the list that a row of this view ends. */
  showMore(row: StoreNode): void {
    if (!this.#continued.has(row)) return
    row.node.more?.()
    if (this.name === 'jobs') row.session.moreResults()
    this.refresh()
  }

  getTreeItem(row: StoreNode): TreeItem {
    return treeItem(row)
  }

  async getChildren(parent?: StoreNode): Promise<StoreNode[]> {
    const { sessions } = this.#stores
    if (parent === undefined) {
      const [only, ...others] = sessions
      if (only === undefined) return []
      if (others.length > 0) return sessions.map((session) => this.#storeNode(session))
      // A store that can't be reached has a welcome text, which is longer than a row.
      return only.link.client === undefined ? [] : await this.#rows(only, undefined)
    }
    return await this.#rows(parent.session, parent.node)
  }

  dispose(): void {
    for (const one of this.#registrations) one.dispose()
    this.#scheduler.dispose()
    this.view.dispose()
    this.#emitter.dispose()
  }

  async #rows(session: StoreSession, parent: TreeNode | undefined): Promise<StoreNode[]> {
    // Somebody may have stopped the daemon: opening a row is no reason to start it again.
    if (session.link.state.kind === 'lost') return [{ session, node: lostNode(parent?.row.key) }]
    const read = parent?.children ?? (() => this.#roots(session))
    const reading = Promise.resolve(read())
    this.#reads.add(reading)
    try {
      const nodes = (await reading).map((node) => ({ session, node }))
      for (const one of nodes) if (one.node.more !== undefined) this.#continued.add(one)
      return nodes
    } catch (error) {
      this.#report(error)
      return [{ session, node: problemNode(error, parent?.row.key ?? this.name) }]
    } finally {
      this.#reads.delete(reading)
    }
  }

  async #roots(session: StoreSession): Promise<readonly TreeNode[]> {
    const { state } = session.link
    if (state.kind === 'failed') return [problemNode(problemLine(state.problem), this.name)]
    if (session.link.client === undefined) return []
    return await session.views[this.name].roots()
  }

  #storeNode(session: StoreSession): StoreNode {
    const { key, name, directory } = session.place
    const row = {
      key: `store/${key}`,
      label: visibleLine(name),
      description: stateText(session),
      tooltip: directory,
      icon: { name: 'repo' },
      context: 'store',
    }
    return { session, node: { row, open: true, children: () => this.#roots(session) } }
  }

  #take({ session, event }: StoreChange): void {
    // Jobs are told from the summary, which is read first.
    if (this.name === 'jobs') return
    const type = event?.type
    if (type === undefined || session.views[this.name].concerns(type)) this.refresh()
  }

  async #draw(): Promise<void> {
    // What is lost stays as it was seen: asking now would start a daemon that somebody has stopped.
    const { sessions } = this.#stores
    const isLost = sessions.length > 0 && sessions.every(({ link }) => link.state.kind === 'lost')
    if (isLost) return
    this.#emitter.fire(undefined)
    // The editor asks for rows in turns of its own; what it has asked for by then is waited for.
    await new Promise((resolve) => setTimeout(resolve, askedMs))
    while (this.#reads.size > 0) await Promise.allSettled([...this.#reads])
  }

  /** The number on the icon of Orion: what waits for the reader. */
  #tellWaiting(): void {
    const ready = this.#stores.sessions.filter(({ hasSummary }) => hasSummary)
    const value = ready.reduce((sum, { summary }) => sum + summary.waiting.length, 0)
    if ((this.view.badge?.value ?? 0) === value) return
    this.view.badge = { value, tooltip: `${counted(value, 'proposal')} to review` }
  }

  #tellConnection(): void {
    const lost = this.#stores.sessions.flatMap(({ link, place }) =>
      link.state.kind === 'lost' ? [{ state: link.state, place }] : [],
    )
    const [first] = lost
    const message =
      first === undefined
        ? ''
        : `Connection lost at ${shortTime(first.state.since.toISOString(), new Date())}; Orion reconnects by itself. ${first.state.problem === undefined ? '' : problemLine(first.state.problem)}`
    if ((this.view.message ?? '') !== message) this.view.message = message
  }
}

/** How long the editor may take to ask for the rows of a tree that has changed, in milliseconds. */
const askedMs = 20

function stateText({ link }: StoreSession): string {
  switch (link.state.kind) {
    case 'ready':
      return ''
    case 'connecting':
      return 'connecting…'
    case 'lost':
      return 'reconnecting…'
    case 'failed':
      return 'not connected'
    case 'closed':
      return 'closed'
    default:
      return link.state satisfies never
  }
}

function lostNode(key = 'top'): TreeNode {
  const row = { key: `${key}/lost`, label: 'Reconnecting…', icon: { name: 'debug-disconnect' } }
  return { row: { ...row, command: 'retry' } }
}

function problemNode(error: unknown, key: string): TreeNode {
  const label = typeof error === 'string' ? error : problemLine(problemOf(error))
  return {
    row: {
      key: `${key}/problem`,
      label: plainLine(label, 300),
      tooltip: label,
      icon: { name: 'error', colour: 'errorForeground' },
      command: 'retry',
      context: 'problem',
    },
  }
}

function treeItem(shown: StoreNode): TreeItem {
  const { session, node } = shown
  const { row, children, open = false } = node
  const item = new TreeItem(
    row.label,
    children === undefined
      ? TreeItemCollapsibleState.None
      : open
        ? TreeItemCollapsibleState.Expanded
        : TreeItemCollapsibleState.Collapsed,
  )
  item.id = `${session.place.key}/${row.key}`
  if (row.description !== undefined) item.description = row.description
  item.tooltip = row.tooltip ?? row.label
  if (row.icon !== undefined) item.iconPath = themeIcon(row.icon)
  if (row.context !== undefined) item.contextValue = row.context
  const label = row.spoken ?? [row.label, row.description].filter(Boolean).join(', ')
  item.accessibilityInformation = { label }
  const command = commandOf(shown)
  if (command !== undefined) item.command = command
  return item
}

/** What is handed to a command comes back as it is: the editor keeps it on this side. */
function commandOf(shown: StoreNode): TreeItem['command'] {
  const { row, children } = shown.node
  if (row.command === 'more') {
    return { command: 'orion.list.more', title: 'Show More', arguments: [shown] }
  }
  if (row.command === 'search') return { command: 'orion.search', title: 'Search Records' }
  if (row.command === 'retry') return { command: 'orion.connect', title: 'Try Again' }
  if (row.record === undefined || children !== undefined) return undefined
  return { command: 'orion.record.open', title: 'Open Record', arguments: [shown] }
}

/** Whether an argument of a command is a row of ours. */
export function isStoreNode(value: unknown): value is StoreNode {
  if (typeof value !== 'object' || value === null) return false
  return 'session' in value && 'node' in value
}

/** An icon of the editor’s own, in a colour of its theme. */
export function themeIcon({ name, colour }: RowIcon): ThemeIcon {
  return colour === undefined ? new ThemeIcon(name) : new ThemeIcon(name, new ThemeColor(colour))
}
