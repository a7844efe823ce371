/** Commands about the daemon and its store. */
import { command, globalFlags } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import type { DoctorFlags, HandoverFlags, RestoreBackupFlags, ServeFlags } from '../flags.ts'
import { parseWhole } from '../parse-flags.ts'

const on = { kind: 'boolean', default: false, withNegated: false } as const

/** `orion serve` */
export const serveCommand = command<ServeFlags>({
  brief: 'Run the daemon here',
  about:
    'Runs the daemon of the store in this process until it is stopped. Seldom needed: every command starts it by itself.',
  examples: [
    ['serve --foreground', 'with its log on stderr; Ctrl-C ends it'],
    ['serve --stdio', 'for one client, on stdin and stdout; ends with it'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      stdio: { ...on, brief: 'Serve one client on stdin and stdout, and end with it' },
      foreground: { ...on, brief: 'Log to stderr' },
      takeOver: { ...on, brief: 'Take the place of the daemon that serves the store now' },
      force: { ...on, brief: 'With --take-over: also of a newer one' },
      websocket: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'HOST:PORT',
        brief: 'Listen for WebSockets too, such as on 127.0.0.1:0; whoever connects needs a token',
      },
      idleExitMs: {
        kind: 'parsed',
        parse: parseWhole,
        optional: true,
        placeholder: 'MS',
        brief: 'End after so many milliseconds without a connection; 0 is never',
      },
    },
  },
  load: async () => (await import('../actions/serve.ts')).serve,
})

/** `orion stdio` */
export const stdioCommand = command<GlobalFlags>({
  brief: 'A bridge for editors: the protocol on stdin and stdout',
  about:
    'Finds or starts the daemon, then carries bytes between it and stdin and stdout. Editors start this as they start a language server. It ends with its input, with its parent or with the daemon.',
  examples: [['stdio', 'as the command of a language client']],
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/stdio.ts')).bridge,
})

/** `orion mcp` */
export const mcpCommand = command<GlobalFlags>({
  brief: 'Serve AI agents: the Model Context Protocol on stdin and stdout',
  about:
    'Six tools over the store for an agent program, which starts this by itself. The agent may read, write and propose, and never approve. Finds or starts the daemon at the first call, finds it again when it was lost, and ends with its client.',
  examples: [['mcp', 'as the command of an MCP client']],
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/mcp.ts')).mcp,
})

/** `orion lsp` */
export const lspCommand = command<GlobalFlags>({
  brief: 'Serve editors that only know language servers, such as Helix',
  about:
    'A language server on stdin and stdout whose commands (orion.jobs, orion.search, orion.review, orion.approve, …) open lists, records and reviews as documents. It may read, propose and approve, and never write records. Finds or starts the daemon at the first command, and ends with its editor.',
  examples: [['lsp', 'as the command of a language server']],
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/lsp.ts')).lsp,
})

/** `orion endpoint` */
export const endpointCommand = command<GlobalFlags>({
  brief: 'Where the daemon listens; starts it if need be',
  examples: [['endpoint --json', '{socket, storeId, instanceId, pid, version, protocol}']],
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/daemon.ts')).endpoint,
})

/** `orion status` */
export const statusCommand = command<GlobalFlags>({
  brief: 'How the daemon and its store are; starts nothing',
  about:
    'Shows which daemon serves the store, who is connected and how far behind, what waits, and why it is still alive. Starts nothing: if none runs it shows what lies on disk (the file, its newest backup, how the last daemon ended) and exits with 6.',
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/daemon.ts')).status,
})

/** `orion stop` */
export const stopCommand = command<GlobalFlags>({
  brief: 'End the daemon cleanly',
  about:
    'Ends the daemon after everything that it accepted is answered. No daemon is fine. The next command starts it again.',
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/daemon.ts')).stop,
})

/** `orion handover` */
export const handoverCommand = command<HandoverFlags>({
  brief: 'Replace the running daemon by one of this installation',
  about:
    'Starts a daemon that takes over from the running one, which answers what it has accepted and ends. Clients of the SDK go on by themselves and miss nothing. Use it after an upgrade; an older version takes over only with --force. If no daemon runs, one is started.',
  examples: [['handover', 'after an upgrade of Orion']],
  parameters: {
    flags: {
      ...globalFlags,
      force: { ...on, brief: 'Take over from a newer version too' },
    },
  },
  load: async () => (await import('../actions/handover.ts')).handover,
})

/** `orion backup` */
export const backupCommand = command<GlobalFlags, [string?]>({
  brief: 'Write a consistent copy of the store while others write',
  examples: [['backup ../orion-backup.sqlite', 'an ordinary SQLite file']],
  parameters: {
    flags: globalFlags,
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          optional: true,
          placeholder: 'PATH',
          brief: 'Where to; else into the store’s own directory',
        },
      ],
    },
  },
  load: async () => (await import('../actions/daemon.ts')).backup,
})

/** `orion backup list` */
export const listBackupsCommand = command<GlobalFlags>({
  brief: 'The backups beside the store, newest first',
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/backups.ts')).listBackups,
})

/** `orion backup restore` */
export const restoreBackupCommand = command<RestoreBackupFlags, [string]>({
  brief: 'Go back to a backup',
  about:
    'Looks at the backup, then puts it in the place of the store, in a new epoch: clients are told that they missed something. What was there before is kept among the backups. Works over a store that can’t be read.',
  examples: [['backup restore ../orion-backup.sqlite', 'what was written since is kept aside']],
  parameters: {
    flags: { ...globalFlags, force: { ...on, brief: 'Also a backup of another store' } },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'FILE', brief: 'The backup' }],
    },
  },
  load: async () => (await import('../actions/backups.ts')).restoreBackup,
})

/** `orion doctor` */
export const doctorCommand = command<DoctorFlags>({
  brief: 'Look for faults of the store and its daemon, and mend them',
  about:
    'Checks everything that can be checked, from the run-time directory to each record, and says what to do. Starts a daemon if none runs, because only that looks into the store. Exits with 1 if there is a fault.',
  examples: [
    ['doctor', 'a list of checks'],
    ['doctor --repair', 'mends what loses nothing; asks before it goes back to a backup'],
    ['doctor --moved', 'this is the store that was elsewhere before, not a copy of it'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      repair: { ...on, brief: 'Mend what can be mended' },
      yes: { ...on, brief: 'Go back to the newest good backup without asking, if need be' },
      moved: { ...on, brief: 'The store was moved here: it gets its old id back' },
      copied: { ...on, brief: 'The store is a copy, and stays a store of its own' },
      force: { ...on, brief: 'With --moved: although the original is still there' },
    },
  },
  load: async () => (await import('../actions/doctor.ts')).doctor,
})
