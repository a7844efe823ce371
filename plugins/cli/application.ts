/** The table of all commands, and how a command line is taken apart. */
import {
  type Application,
  ArgumentScannerError,
  buildApplication,
  buildRouteMap,
  FlagNotFoundError,
  formatMessageForArgumentScannerError,
  proposeCompletions,
  run,
  text_en,
} from '@stricli/core'
import type { CliContext } from './command.ts'
import { completionCommand } from './commands/completion-command.ts'
import * as daemon from './commands/daemon-commands.ts'
import * as events from './commands/event-commands.ts'
import * as governance from './commands/governance-commands.ts'
import * as migration from './commands/migrate-commands.ts'
import { newsCommand } from './commands/news-command.ts'
import * as pluginAuthors from './commands/plugin-author-commands.ts'
import * as plugins from './commands/plugin-commands.ts'
import * as reads from './commands/read-commands.ts'
import { runCommand } from './commands/run-command.ts'
import * as tokens from './commands/token-commands.ts'
import * as types from './commands/type-commands.ts'
import * as writes from './commands/write-commands.ts'
import type { Cli } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { reportError } from './report-error.ts'
import { rootHelp } from './root-help.ts'
import { UsageError } from './usage-error.ts'

/** Takes a command line apart and runs the command it names; resolves with the exit code. */
export async function runCommandLine(cli: Cli, args: readonly string[]): Promise<number> {
  if (args.length === 0 || (args.length === 1 && helpFlags.has(args[0] ?? ''))) {
    await cli.out.write(rootHelp(briefs(), cli.out.colours))
    return exitCodes.done
  }
  let exitCode: number | undefined
  let wrongUsage: UsageError | undefined
  const heard: string[] = []
  const application = buildCli({ cli, args }, (error) => {
    wrongUsage = error
  })
  // Help goes to stdout. What the parser says on stderr is told by us, in the form that was asked for.
  const stdout: string[] = []
  const context: CliContext & { process: { exitCode?: number | string | null } } = {
    cli,
    finish: (code) => {
      exitCode = code
    },
    process: {
      stdout: { write: (text) => void stdout.push(text) },
      stderr: { write: (text) => void heard.push(text) },
    },
  }
  await run(application, args, context)
  if (stdout.length > 0) await cli.out.write(stdout.join(''))
  if (exitCode !== undefined) return exitCode
  const parsed = Number(context.process.exitCode ?? 0)
  if (parsed === 0) return exitCodes.done
  const error = wrongUsage ?? new Error(heard.join('').trim())
  const flags = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length)
  return await reportError(cli, error, { json: flags.includes('--json') })
}

/** One thing that may stand in the place of a word. */
export interface Proposal {
  readonly text: string
  readonly brief: string
  readonly isFlag: boolean
  /** A value, not the name of a flag or command. */
  readonly isValue: boolean
}

/** What may stand in the place of the last of these words, by the declarations of the commands. */
export async function proposeFor(
  { cli, completing }: Required<Pick<CliContext, 'cli' | 'completing'>>,
  words: readonly string[],
): Promise<Proposal[]> {
  const application = buildCli({ cli, args: words }, () => {})
  const nothing = { write: () => {} }
  const process = { stdout: nothing, stderr: nothing }
  const found = await proposeCompletions(application, words, {
    cli,
    completing,
    finish: () => {},
    process,
  })
  const word = words.at(-1) ?? ''
  const below = commandsBelow(words.slice(0, -1)).filter(({ text }) => text.startsWith(word))
  const seen = new Set(below.map(({ text }) => text))
  const others = found
    .filter(({ completion }) => !seen.has(completion))
    .filter(({ completion }) => completion !== '--')
    .map(({ kind, completion, brief }) => ({
      text: completion,
      brief,
      isFlag: completion.startsWith('-') && kind !== 'argument:value',
      isValue: kind === 'argument:value',
    }))
  return [...below, ...others]
}

/** The commands of a group, which the parser leaves out where the group's name alone is a command too. */
function commandsBelow(words: readonly string[]): Proposal[] {
  let entries = root.getAllEntries()
  for (const word of words) {
    const target = entries.find(({ name }) => name.original === word)?.target
    if (target === undefined || !('getAllEntries' in target)) return []
    entries = target.getAllEntries()
  }
  return entries.map(({ name, target: { brief } }) => ({
    text: name.original,
    brief,
    isFlag: false,
    isValue: false,
  }))
}

const helpFlags: ReadonlySet<string> = new Set(['--help', '-h', '--help-all', '--helpAll', 'help'])

function briefs(): Map<string, string> {
  return new Map(root.getAllEntries().map(({ name, target }) => [name.original, target.brief]))
}

function buildCli(
  { cli, args }: { readonly cli: Cli; readonly args: readonly string[] },
  onWrongUsage: (error: UsageError) => void,
): Application<CliContext> {
  const wrong = (message: string, didYouMean?: string): string => {
    const remedy = '`orion --help` lists the commands, `orion COMMAND --help` explains one'
    onWrongUsage(new UsageError(message, { remedy, ...(didYouMean ? { didYouMean } : {}) }))
    return message
  }
  return buildApplication(root, {
    name: 'orion',
    versionInfo: { currentVersion: cli.version },
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { disableAnsiColor: true },
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) =>
          wrong(`there is no command ${input}`, corrections[0]?.replaceAll('`', '')),
        exceptionWhileParsingArguments: (error) =>
          error instanceof ArgumentScannerError
            ? wrong(parseMessage(error, args), correctionFor(error))
            : wrong(error instanceof Error ? error.message : String(error)),
      },
    },
  })
}

function parseMessage(error: ArgumentScannerError, args: readonly string[]): string {
  return formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input }) => `there is no flag --${input}`,
    AliasNotFoundError: ({ input }) => `there is no flag -${input}`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, input, exception }) => {
      const reason = exception instanceof Error ? exception.message : String(exception)
      return `${name} ${JSON.stringify(input)}: ${reason}`
    },
    UnsatisfiedFlagError: ({ externalFlagName: name }) =>
      args.includes(`--${name}`) ? `--${name} needs a value` : `--${name} is required`,
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing`,
    UnexpectedPositionalError: ({ input }) => `${JSON.stringify(input)} is one argument too many`,
  })
}

function correctionFor(error: ArgumentScannerError): string | undefined {
  const found = error instanceof FlagNotFoundError ? error.corrections[0] : undefined
  return found === undefined ? undefined : `--${found.replace(/^-+/, '')}`
}

const root = buildRouteMap({
  routes: {
    serve: daemon.serveCommand,
    stdio: daemon.stdioCommand,
    mcp: daemon.mcpCommand,
    lsp: daemon.lspCommand,
    endpoint: daemon.endpointCommand,
    status: daemon.statusCommand,
    stop: daemon.stopCommand,
    handover: daemon.handoverCommand,
    backup: buildRouteMap({
      routes: {
        make: daemon.backupCommand,
        list: daemon.listBackupsCommand,
        restore: daemon.restoreBackupCommand,
      },
      defaultCommand: 'make',
      docs: { brief: 'Write a consistent copy of the store, list them, go back to one' },
    }),
    doctor: daemon.doctorCommand,
    types: buildRouteMap({
      routes: {
        list: types.listTypesCommand,
        show: types.showTypeCommand,
        generate: types.generateTypesCommand,
        migrate: types.migrateTypesCommand,
      },
      defaultCommand: 'list',
      docs: { brief: 'The record types of the store, and their fields' },
    }),
    token: buildRouteMap({
      routes: {
        create: tokens.createTokenCommand,
        list: tokens.listTokensCommand,
        revoke: tokens.revokeTokenCommand,
      },
      docs: { brief: 'Access tokens, for agents and others who are not the owner' },
    }),
    create: writes.createCommand,
    get: reads.getCommand,
    update: writes.updateCommand,
    delete: writes.deleteCommand,
    archive: writes.archiveCommand,
    restore: writes.restoreCommand,
    revert: writes.revertCommand,
    purge: writes.purgeCommand,
    list: reads.listCommand,
    search: reads.searchCommand,
    count: reads.countCommand,
    explain: reads.explainCommand,
    history: reads.historyCommand,
    diff: reads.diffCommand,
    blame: reads.blameCommand,
    referrers: reads.referrersCommand,
    transact: writes.transactCommand,
    import: writes.importCommand,
    watch: events.watchCommand,
    events: events.eventsCommand,
    news: newsCommand,
    publish: events.publishCommand,
    wait: events.waitCommand,
    action: buildRouteMap({
      routes: {
        list: governance.listActionsCommand,
        describe: governance.describeActionCommand,
        run: governance.runActionCommand,
      },
      defaultCommand: 'list',
      docs: { brief: 'Named operations with a checked input' },
    }),
    proposal: buildRouteMap({
      routes: {
        list: governance.listProposalsCommand,
        show: governance.showProposalCommand,
        diff: governance.diffProposalCommand,
        create: governance.createProposalCommand,
        submit: governance.submitProposalCommand,
        approve: governance.approveProposalCommand,
        reject: governance.rejectProposalCommand,
        cancel: governance.cancelProposalCommand,
        execute: governance.executeProposalCommand,
      },
      defaultCommand: 'list',
      docs: { brief: 'Changes that wait for somebody else’s approval' },
    }),
    simulate: governance.simulateCommand,
    approver: buildRouteMap({
      routes: { init: governance.initApproverCommand },
      docs: { brief: 'A passphrase or key that approving needs' },
    }),
    plugin: buildRouteMap({
      routes: {
        add: plugins.addPluginCommand,
        list: plugins.listPluginsCommand,
        logs: plugins.pluginLogsCommand,
        enable: plugins.enablePluginCommand,
        disable: plugins.disablePluginCommand,
        remove: plugins.removePluginCommand,
        create: pluginAuthors.createPluginCommand,
        dev: pluginAuthors.developPluginCommand,
      },
      defaultCommand: 'list',
      docs: { brief: 'Plugins: programs that bring record types, actions and hooks' },
    }),
    run: runCommand,
    completion: completionCommand,
    migrate: buildRouteMap({
      routes: {
        legacy: migration.migrateLegacyCommand,
        quarantine: buildRouteMap({
          routes: {
            list: migration.listQuarantineCommand,
            show: migration.showQuarantinedCommand,
            retry: migration.retryQuarantinedCommand,
          },
          docs: { brief: 'The rows that were kept aside' },
        }),
      },
      docs: { brief: "Bring the earlier system's data over" },
    }),
  },
  docs: { brief: 'The shared state of this repository, for editors, agents, scripts and CI' },
})
