/** What `orion plugin dev` does. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '../../../sdk/client/client.ts'
import { ShutdownDaemon } from '../../../sdk/protocol/daemon.ts'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import { unlessEmpty } from '../defined.ts'
import type { DevelopPluginFlags } from '../flags.ts'
import { type DevNews, DevSession } from '../plugin-dev/dev-session.ts'
import { readSettings } from '../plugin-settings.ts'
import { grantLines } from '../present/plugins.ts'
import { safeText } from '../present/safe-text.ts'
import { shellQuoted } from '../present/shell-quoted.ts'
import { jsonLine } from '../print.ts'
import { connectOptions, withClientOf } from '../store-client.ts'
import { agrees, assertTerminal } from '../terminal-questions.ts'
import { untilSignalled } from '../until-signalled.ts'

/** `orion plugin dev`: until a signal comes. */
export const developPlugin: Action<DevelopPluginFlags, [string?]> = async (
  cli,
  flags,
  plugin = '.',
) => {
  // What it may do in a store that is gone afterwards matters to nobody.
  const asks = !flags.yes && !flags.throwaway
  if (asks) assertTerminal(cli, 'say --yes to let it do what it asks for')
  const settings = unlessEmpty(flags.set)
  // What is no setting at all is said before anything runs.
  readSettings(settings ?? [], undefined)
  const ending = untilSignalled(cli.out.gone)
  const { signal } = ending
  const place = flags.throwaway ? throwawayPlace() : undefined
  const { dim } = cli.err.colours
  try {
    const store = place?.store ?? flags.store
    const options = connectOptions(cli, { ...flags, ...(store === undefined ? {} : { store }) })
    await withClientOf({ ...options, signal }, async (client) => {
      const tell = teller(cli, flags)
      if (!flags.json) await cli.err.write(dim(hello(place?.store)))
      else if (place !== undefined) await tell({ news: 'store', store: place.store })
      const consent = asks ? asker(cli) : async () => true
      const session = new DevSession({
        client,
        plugin,
        cwd: cli.cwd,
        settings,
        signal,
        tell,
        consent,
      })
      try {
        await session.run()
      } finally {
        await finish(cli, { client, session, isThrowaway: place !== undefined, json: flags.json })
      }
    })
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    ending.dispose()
    await place?.remove()
  }
  return 0
}

interface Place {
  readonly store: string
  remove(): Promise<void>
}

function throwawayPlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'orion-dev-'))
  return {
    store: join(directory, '.orion'),
    // The daemon that was told to end writes its last files until it does.
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  }
}

function hello(store: string | undefined): string {
  const where =
    store === undefined
      ? ''
      : `A store that is thrown away at the end. In another terminal:\n  export ORION_STORE=${shellQuoted(store)}\n`
  return `${where}Each change of a file starts the plugin anew. Ctrl-C ends.\n`
}

function teller(cli: Cli, { json }: DevelopPluginFlags): (news: DevNews) => Promise<void> {
  if (json) return async (news) => await cli.out.write(jsonLine(news))
  return async (news) => await cli.out.write(`${newsText(news, cli)}\n`)
}

function newsText(news: DevNews, { out }: Cli): string {
  const { green, yellow, red } = out.colours
  switch (news.news) {
    case 'log':
      return news.line
    case 'store':
      return news.store
    case 'refused':
      return `${red('not loaded')} ${news.reason}`
    case 'loaded':
      return news.state === 'running'
        ? green(`${news.name} runs`)
        : yellow(`${news.name} is ${news.state}: ${news.reason ?? 'no reason is known'}`)
    default:
      return news satisfies never
  }
}

function asker(cli: Cli): (name: string, grants: readonly string[]) => Promise<boolean> {
  return async (name, grants) => {
    await cli.err.write(`${safeText(name)} asks for:\n${grantLines(grants)}`)
    return await agrees(cli, 'Let it, while you develop it?')
  }
}

/** Leaves the store as it was, or nothing of it. */
async function finish(
  cli: Cli,
  parts: {
    readonly client: Client
    readonly session: DevSession
    readonly isThrowaway: boolean
    readonly json: boolean
  },
): Promise<void> {
  const { client, session, isThrowaway, json } = parts
  if (isThrowaway) {
    await client.request(ShutdownDaemon, {})
    return
  }
  const left = await session.end()
  if (json) return
  const text =
    left === 'removed'
      ? 'The plugin is out of the store again; its records stay.'
      : 'The store keeps the plugin as it is now.'
  await cli.err.write(`${text}\n`)
}
