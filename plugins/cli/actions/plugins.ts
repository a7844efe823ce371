/** Plugins of a store: what a person grants is seen first, and nobody answers for a person. */
import type { Client } from '../../../sdk/client/client.ts'
import { OrionError } from '../../../sdk/errors.ts'
import type { ResultOf } from '../../../sdk/protocol/define.ts'
import {
  AddPlugin,
  DescribePlugin,
  DisablePlugin,
  EnablePlugin,
  InspectPlugin,
  ListPlugins,
  type PluginInfo,
  PluginLogs,
  RemovePlugin,
} from '../../../sdk/protocol/plugins.ts'
import type { Action } from '../command.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { defined, unlessEmpty } from '../defined.ts'
import { exitCodes } from '../exit-code.ts'
import type { AddPluginFlags, DisablePluginFlags, PluginLogFlags } from '../flags.ts'
import { settingsAfter } from '../plugin-settings.ts'
import { codeText, grantText, logText, pluginLine, pluginTable } from '../present/plugins.ts'
import { printResult, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'
import { agrees } from '../terminal-questions.ts'
import { UsageError } from '../usage-error.ts'
import { ApproverSecret } from './approver-secret.ts'

type Seen = ResultOf<typeof DescribePlugin>
type Found = ResultOf<typeof InspectPlugin>

/** What came of `orion plugin add`: added, refused by the person, or only told to whom nobody could be asked about. */
type Outcome =
  | { readonly outcome: 'added'; readonly plugin: ResultOf<typeof AddPlugin> }
  | { readonly outcome: 'refused' }
  | {
      readonly outcome: 'told'
      readonly seen: Seen & { readonly digest: string }
      readonly text: string
    }

/** `orion plugin add` */
export const addPlugin: Action<AddPluginFlags, [string]> = async (cli, flags, plugin) => {
  const secret = new ApproverSecret(cli, flags.keyFile)
  const done = await withClient(cli, flags, (client) => add({ cli, client, flags, plugin, secret }))
  switch (done.outcome) {
    case 'added':
      return await tellState(cli, flags, done.plugin)
    case 'refused':
      await cli.err.write('Not added.\n')
      return exitCodes.failed
    case 'told': {
      const { seen, text } = done
      const next = `Not added. Once a person has seen this, grant it with --digest ${seen.digest}\n`
      await printResult(cli, flags, { value: seen, people: () => text + next })
      return exitCodes.refused
    }
    default:
      return done satisfies never
  }
}

interface Adding {
  readonly cli: Cli
  readonly client: Client
  readonly flags: AddPluginFlags
  readonly plugin: string
  readonly secret: ApproverSecret
}

async function add({ cli, client, flags, plugin, secret }: Adding): Promise<Outcome> {
  const { digest: given } = flags
  const found = await client.request(InspectPlugin, { plugin, cwd: cli.cwd })
  const { files: _files, ...code } = found
  if (given === undefined) {
    assertSomebody(cli, found)
    await cli.err.write(codeText(found))
    if (!(await agrees(cli, 'Run it?'))) return { outcome: 'refused' }
  } else assertGiven(given, code.codeDigest)
  const seen = await secret.with((approverSecret) =>
    client.request(DescribePlugin, { ...code, ...defined({ approverSecret }) }, startsLong),
  )
  const digest = `${code.codeDigest}.${seen.manifestDigest}`
  const { present, asked } = await settingsAfter(client, unlessEmpty(flags.set), seen.manifest)
  const text = grantText(seen, asked ?? present)
  // What has problems is refused by the daemon, which says why; there is nothing to be asked.
  if (seen.problems.length === 0) {
    if (given === code.codeDigest) return { outcome: 'told', seen: { ...seen, digest }, text }
    if (given !== undefined) assertGiven(given, digest)
    else {
      await cli.err.write(text)
      if (!(await agrees(cli, 'Grant exactly this, and start it?'))) return { outcome: 'refused' }
    }
  }
  const { manifestDigest } = seen
  const added = await secret.with((approverSecret) =>
    client.request(
      AddPlugin,
      { ...code, manifestDigest, ...defined({ settings: asked, approverSecret }) },
      startsLong,
    ),
  )
  return { outcome: 'added', plugin: added }
}

/** `orion plugin list` */
export const listPlugins: Action<GlobalFlags, []> = async (cli, flags) => {
  const value = await withClient(cli, flags, (client) => client.request(ListPlugins, {}))
  await printResult(cli, flags, { value, people: () => pluginTable(value.plugins, styleOf(cli)) })
  return exitCodes.done
}

/** `orion plugin logs` */
export const pluginLogs: Action<PluginLogFlags, [string]> = async (cli, flags, name) => {
  const asked = { name, ...defined({ bytesMax: flags.bytes }) }
  const value = await withClient(cli, flags, (client) => client.request(PluginLogs, asked))
  await printResult(cli, flags, { value, people: () => logText(value.text) })
  return exitCodes.done
}

/** `orion plugin enable` */
export const enablePlugin: Action<GlobalFlags, [string]> = async (cli, flags, name) => {
  const plugin = await withClient(cli, flags, (client) =>
    client.request(EnablePlugin, { name }, startsLong),
  )
  return await tellState(cli, flags, plugin)
}

/** `orion plugin disable` */
export const disablePlugin: Action<DisablePluginFlags, [string]> = async (cli, flags, name) => {
  const asked = { name, ...defined({ reason: flags.reason }) }
  const value = await withClient(cli, flags, (client) => client.request(DisablePlugin, asked))
  await printResult(cli, flags, { value, people: () => pluginLine(value) })
  return exitCodes.done
}

/** `orion plugin remove` */
export const removePlugin: Action<GlobalFlags, [string]> = async (cli, flags, name) => {
  const value = await withClient(cli, flags, (client) => client.request(RemovePlugin, { name }))
  await printResult(cli, flags, { value, people: () => `${name} is removed; its records stay.\n` })
  return exitCodes.done
}

/** Longer than the daemon gives a plugin to be looked at and to start. */
const startsLong = { timeoutMs: 120_000 }

/** A plugin that was to start and does not run is a failure. */
async function tellState(cli: Cli, flags: GlobalFlags, value: PluginInfo): Promise<number> {
  await printResult(cli, flags, { value, people: () => pluginLine(value) })
  return value.state === 'running' ? exitCodes.done : exitCodes.failed
}

/** @throws UsageError when there is nobody to ask. */
function assertSomebody({ stdin }: Cli, { entry, codeDigest }: Found): void {
  if (stdin.isTTY) return
  throw new UsageError('expected a terminal to ask on, or the digest of what was seen; got none', {
    remedy: `look at ${entry}, then let it be run with --digest ${codeDigest}, which tells what it asks for`,
  })
}

/** @throws OrionError `conflict` when what is there is not what was seen. */
function assertGiven(given: string, digest: string): void {
  if (given === digest || given.startsWith(`${digest}.`)) return
  throw new OrionError('conflict', 'it is not what --digest was given for', {
    reason: 'digest',
    current: null,
    remedy: 'look at it again: orion plugin add without --digest',
  })
}
