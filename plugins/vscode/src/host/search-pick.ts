import { type QuickPick, type QuickPickItem, QuickPickItemKind, ThemeIcon, window } from 'vscode'
import { SearchRecords } from '../../../../sdk/protocol/search.ts'
import { problemOf } from '../model/problem.ts'
import type { RecordAddress } from '../model/record-address.ts'
import { hitItem } from '../model/search-hit.ts'
import { plainLine } from '../model/visible-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import { openRecord } from './record-commands.ts'
import type { Stores } from './stores.ts'

/** Searches the records of all stores while one types, and opens what is chosen. */
export function searchRecords(stores: Stores, text = ''): void {
  const search = new SearchPick(stores)
  search.open(text)
}

interface HitItem extends QuickPickItem {
  readonly address?: RecordAddress
}

/** One search: each change of the words ends the one before, at the daemon too. */
class SearchPick {
  readonly #stores: Stores
  readonly #pick: QuickPick<HitItem>
  #running = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(stores: Stores) {
    this.#stores = stores
    this.#pick = window.createQuickPick<HitItem>()
  }

  open(text: string): void {
    const pick = this.#pick
    pick.title = 'Search Records'
    pick.placeholder = 'Words to look for. OR, -without, "a phrase", begin* are understood'
    pick.matchOnDescription = true
    pick.matchOnDetail = true
    pick.onDidChangeValue(() => this.#changed())
    pick.onDidAccept(() => this.#accept())
    pick.onDidHide(() => {
      this.#running.abort()
      clearTimeout(this.#timer)
      pick.dispose()
    })
    pick.value = text
    pick.show()
    if (text !== '') this.#changed()
  }

  #changed(): void {
    this.#running.abort()
    clearTimeout(this.#timer)
    const query = this.#pick.value.trim()
    this.#pick.busy = query !== ''
    if (query === '') {
      this.#pick.items = []
      return
    }
    const running = new AbortController()
    this.#running = running
    this.#timer = setTimeout(() => void this.#search(query, running.signal), typingPauseMs)
  }

  /** Never rejects. */
  async #search(query: string, signal: AbortSignal): Promise<void> {
    const sessions = this.#stores.sessions.filter(({ link }) => link.client !== undefined)
    const found = await Promise.all(sessions.map((session) => searchOne(session, query, signal)))
    if (signal.aborted) return
    this.#pick.busy = false
    const many = sessions.length > 1
    this.#pick.items = found.flatMap((items, index) => {
      const name = sessions[index]?.place.name ?? ''
      const title = { label: name, kind: QuickPickItemKind.Separator, alwaysShow: true }
      return many && items.length > 0 ? [title, ...items] : items
    })
    if (this.#pick.items.length === 0) this.#pick.items = [nothing(query, sessions.length)]
  }

  #accept(): void {
    const [item] = this.#pick.activeItems
    if (item?.address === undefined) return
    this.#pick.hide()
    void openRecord(item.address, { preview: false })
  }
}

async function searchOne(
  { client, place }: StoreSession,
  query: string,
  signal: AbortSignal,
): Promise<HitItem[]> {
  try {
    const { hits } = await client.request(
      SearchRecords,
      { query, limit: hitsMax, highlight: true },
      { signal, timeoutMs: searchMs },
    )
    return hits.map((hit) => {
      const { icon, ...texts } = hitItem(hit)
      const { type, id } = hit.record
      return {
        ...texts,
        iconPath: new ThemeIcon(icon),
        // The daemon has found it, by rules of its own: the editor does not sift it again.
        alwaysShow: true,
        address: { store: place.key, type, id },
      }
    })
  } catch (error) {
    if (signal.aborted) return []
    const { message, remedy } = problemOf(error)
    return [{ label: message, detail: remedy, alwaysShow: true, iconPath: new ThemeIcon('error') }]
  }
}

function nothing(query: string, stores: number): HitItem {
  const label = stores === 0 ? 'There is no connection to Orion.' : 'No record has these words.'
  const detail = stores === 0 ? 'Look at the view of Orion.' : `Looked for ${plainLine(query, 80)}`
  return { label, detail, alwaysShow: true, iconPath: new ThemeIcon('info') }
}

const typingPauseMs = 150
const searchMs = 10_000
const hitsMax = 50
