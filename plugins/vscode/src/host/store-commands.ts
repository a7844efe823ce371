/** Commands about connections and the window as a whole. */
import { commands, type ExtensionContext, type QuickPickItem, Uri, window } from 'vscode'
import type { StorePlace } from '../model/store-places.ts'
import { plainLine } from '../model/visible-text.ts'
import { keepToken } from './open-store.ts'
import type { Stores } from './stores.ts'

/** Connects to a store that is not there yet; the daemon makes it. */
export async function createStore(stores: Stores): Promise<void> {
  const absent = stores.absent.filter(({ exists }) => !exists)
  const place = await choosePlace(absent, 'In which folder is a store to be made?')
  if (place !== undefined) stores.want(place)
}

/** Asks for an access token, which the editor keeps where it keeps secrets. */
export async function enterToken(stores: Stores, context: ExtensionContext): Promise<void> {
  const place = await choosePlace(placesOf(stores), 'For which store is the token?')
  if (place === undefined) return
  const token = await window.showInputBox({
    title: `Access Token for ${plainLine(place.name, 60)}`,
    prompt: 'The owner of the store makes one with: orion token create. Empty forgets it.',
    password: true,
    ignoreFocusOut: true,
  })
  if (token === undefined) return
  await keepToken(place, context, token.trim() === '' ? undefined : token.trim())
  await stores.reopen(place.key)
}

/** What can be done, from the status bar. */
export async function showMenu(stores: Stores): Promise<void> {
  const { face, problem } = stores
  const items = [...faceItems(face), ...(stores.sessions.length > 0 ? usualItems(stores) : [])]
  const logPath = problem?.logPath
  if (logPath !== undefined) {
    items.push({
      label: '$(output) Read the Daemon’s Log',
      run: () => window.showTextDocument(Uri.file(logPath)),
    })
  }
  items.push(
    run('$(settings-gear) Settings', 'workbench.action.openSettings', '@ext:orion.orion-vscode'),
    run('$(output) Show the Output of Orion', 'orion.showOutput'),
  )
  const placeHolder = problem === undefined ? 'Orion' : `${problem.message} ${problem.remedy}`
  const chosen = await window.showQuickPick(items, { placeHolder, title: 'Orion' })
  await chosen?.run()
}

interface MenuItem extends QuickPickItem {
  readonly run: () => Thenable<unknown>
}

function usualItems(stores: Stores): MenuItem[] {
  const ready = stores.sessions.filter(({ hasSummary }) => hasSummary)
  const failing = ready.flatMap(({ summary }) => summary.failing).length
  const waiting = ready.flatMap(({ summary }) => summary.waiting).length
  const lost = stores.sessions.some(({ isReady }) => !isReady)
  return [
    ...(lost ? [run('$(plug) Connect Now', 'orion.connect')] : []),
    {
      ...run('$(git-pull-request) Proposals', 'orion.proposals.focus'),
      description: `${waiting} to review`,
    },
    { ...run('$(beaker) Jobs', 'orion.jobs.focus'), description: `${failing} failing` },
    run('$(search) Search Records…', 'orion.search'),
    run('$(new-file) New Record…', 'orion.record.create'),
    run('$(key) Enter an Access Token…', 'orion.setToken'),
  ]
}

function faceItems(face: Stores['face']): MenuItem[] {
  switch (face) {
    case 'untrusted':
      return [run('$(shield) Manage Workspace Trust', 'workbench.trust.manage')]
    case 'noStore':
      return [run('$(add) Create a Store Here', 'orion.createStore')]
    case 'off':
      return [run('$(plug) Connect', 'orion.connect')]
    default:
      return []
  }
}

function run(label: string, command: string, ...args: readonly unknown[]): MenuItem {
  return { label, run: () => commands.executeCommand(command, ...args) }
}

function placesOf({ sessions, absent }: Stores): StorePlace[] {
  return [...sessions.map(({ place }) => place), ...absent]
}

async function choosePlace(
  places: readonly StorePlace[],
  placeHolder: string,
): Promise<StorePlace | undefined> {
  const [only, ...others] = places
  if (others.length === 0) return only
  const items = places.map((place) => ({
    label: plainLine(place.name, 60),
    description: plainLine(place.directory, 120),
    place,
  }))
  return (await window.showQuickPick(items, { placeHolder }))?.place
}
