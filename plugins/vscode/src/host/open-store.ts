import { type ExtensionContext, env, Uri, workspace } from 'vscode'
import type { Client } from '../../../../sdk/client/client.ts'
import { connect } from '../../../../sdk/client/connect.ts'
import type { DaemonCommand } from '../../../../sdk/launch/daemon-command.ts'
import type { Scope } from '../../../../sdk/protocol/schemas.ts'
import { environmentForDaemon, findDaemonCommand } from '../model/orion-program.ts'
import { ProgramMissing } from '../model/problem.ts'
import type { OpenClient } from '../model/store-link.ts'
import type { StorePlace } from '../model/store-places.ts'
import { readSettings } from './settings.ts'

/**
 * What a person does in an editor. Topics of programs' own, new record types, and looking after the store are done elsewhere:
 * what this window could be made to do by mistake ends here. The principal stays the person's, because whoever takes a lesser
 * name can approve nothing. An access token says itself what it is for.
 */
const ownerScopes: readonly Scope[] = ['read', 'write', 'propose', 'approve']

/** Makes clients of a store: of the daemon there is, or of one that is started as language clients do. */
export function storeOpener(place: StorePlace, context: ExtensionContext): OpenClient {
  return async ({ mode, onConnection, signal }) => {
    // Checked here as well, where it is done: nothing is run for a folder that nobody trusts.
    if (!workspace.isTrusted) throw new Error('expected a workspace that is trusted')
    const environment = environmentForDaemon(process.env)
    const token = await accessToken(place, context)
    const open = async (
      daemonCommand: DaemonCommand | undefined,
      tell: Parameters<OpenClient>[0]['onConnection'] | undefined = onConnection,
    ): Promise<Client> =>
      await connect({
        store: place.directory,
        cwd: place.folder,
        env: environment,
        client: { name: clientName(), version: versionOf(context), kind: 'editor' },
        daemon: daemonCommand === undefined ? 'join-only' : 'start',
        daemonCommand,
        token,
        narrow: token === undefined ? { scopes: [...ownerScopes] } : undefined,
        timeoutMs: connectMs,
        onConnection: tell,
        signal,
      })
    const command = commandFor(place)
    if (command instanceof ProgramMissing) {
      return await open(undefined).catch(() => {
        throw command // Nobody serves either, so that what is missing is what counts.
      })
    }
    // Somebody else has to serve before one that only looks connects; from then on it goes on like any other.
    if (mode === 'join') await (await open(undefined, () => {})).close()
    return await open(command)
  }
}

/** The token that was entered for a store, else the one of the environment that the editor was started in. */
export async function accessToken(
  place: StorePlace,
  { secrets }: ExtensionContext,
): Promise<string | undefined> {
  const entered = await secrets.get(tokenKey(place))
  return entered ?? (process.env.ORION_TOKEN?.trim() || undefined)
}

/** Keeps a token for a store, or forgets it. */
export async function keepToken(
  place: StorePlace,
  { secrets }: ExtensionContext,
  token: string | undefined,
): Promise<void> {
  if (token === undefined) await secrets.delete(tokenKey(place))
  else await secrets.store(tokenKey(place), token)
}

const connectMs = 30_000

function tokenKey({ directory }: StorePlace): string {
  return `orion.token:${directory}`
}

function commandFor(place: StorePlace): DaemonCommand | ProgramMissing {
  const { program } = readSettings(Uri.file(place.folder))
  const named = program.replace(/^~(?=[/\\])/, process.env.HOME ?? '~')
  try {
    return findDaemonCommand({ named, folder: place.folder, env: process.env })
  } catch (error) {
    if (error instanceof ProgramMissing) return error
    throw error
  }
}

function clientName(): string {
  return `orion-vscode (${env.appName})`.slice(0, 100)
}

function versionOf({ extension }: ExtensionContext): string {
  const manifest: { readonly version?: unknown } = extension.packageJSON
  return typeof manifest.version === 'string' ? manifest.version : '0'
}
