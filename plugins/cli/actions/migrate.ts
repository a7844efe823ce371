import { connect } from '../../../sdk/client/connect.ts'
import { locateStore } from '../../../sdk/launch/store-location.ts'
import { lookAtStore } from '../../../sdk/launch/store-on-disk.ts'
import type { Action } from '../command.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import type { ListQuarantineFlags, MigrateFlags, RetryQuarantineFlags } from '../flags.ts'
import type { MigrationRequest } from '../legacy-access.ts'
import { progressBar } from '../present/progress-bar.ts'
import { safeText } from '../present/safe-text.ts'
import { jsonLine } from '../print.ts'
import { connectOptions, withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion migrate legacy`: 0 only if every row is accounted for. */
export const migrateLegacy: Action<MigrateFlags, []> = async (cli, flags) => {
  const mode = modeOf(flags)
  const from = sourceOf(flags)
  if (from === undefined || from === '') {
    throw new UsageError('--from is required', {
      remedy: 'name the file of the earlier system: orion migrate legacy --from data/ontology.db',
    })
  }
  const options = connectOptions(cli, flags)
  const location = locateStore({ store: flags.store, cwd: cli.cwd, env: cli.env })
  const { state } = lookAtStore(location)
  const nothingThere = state === 'absent' || state === 'empty'
  const bar = flags.json ? undefined : progressBar(cli.err, Date.now, 'rows')
  const legacy = await cli.plugins.legacy()
  try {
    const answer = await legacy.migrate({
      from,
      mode,
      storePath: location.databasePath,
      connect: mode === 'dry-run' && nothingThere ? undefined : () => connect(options),
      batchSize: flags.batchSize,
      zone: flags.zone,
      types: flags.types?.split(',').map((name) => name.trim()),
      reportFile: flags.report,
      onProgress: (step, done, total) => {
        const part = total === 0 ? 1 : done / total
        bar?.show({
          step: step === 'migrate' ? 'bringing over' : 'reading back',
          done,
          part,
          total,
        })
      },
    })
    await bar?.clear()
    await cli.out.write(flags.json ? jsonLine(answer.report) : answer.text(cli.out.colours))
    return answer.succeeded ? exitCodes.done : notVerified
  } finally {
    await bar?.clear()
  }
}

/** Both names of the flag may be given, for one file. */
function sourceOf({ from, legacyDb }: MigrateFlags): string | undefined {
  if (from !== undefined && legacyDb !== undefined && from !== legacyDb) {
    throw new UsageError('--from and --legacy-db are one flag, and name different files', {
      remedy: 'give one of them; another file is a run of its own',
    })
  }
  return from ?? legacyDb
}

/** The rows were read, and not all of them are accounted for. */
const notVerified = 8

function modeOf({ dryRun, verify, cleanup }: MigrateFlags): MigrationRequest['mode'] {
  const asked = [dryRun && '--dry-run', verify && '--verify', cleanup && '--cleanup'].filter(
    Boolean,
  )
  if (asked.length > 1) {
    throw new UsageError(`${asked.join(' and ')} are steps of their own`, {
      remedy:
        'run one after the other: --dry-run, then without any of them, then --verify, then --cleanup',
    })
  }
  if (dryRun) return 'dry-run'
  if (verify) return 'verify'
  return cleanup ? 'clean-up' : 'migrate'
}

/** `orion migrate quarantine list` */
export const listQuarantine: Action<ListQuarantineFlags, []> = async (cli, flags) => {
  const legacy = await cli.plugins.legacy()
  const { limit, reason, after } = flags
  const found = await withClient(cli, flags, (client) =>
    legacy.listQuarantine(client, {
      limit,
      ...(reason === undefined ? {} : { reason }),
      ...(after === undefined ? {} : { after }),
    }),
  )
  if (flags.json) {
    await cli.out.write(jsonLine(found))
    return 0
  }
  const { bold, dim } = cli.out.colours
  const lines = found.rows.map(
    ({ id, text, detail }) => `${bold(safeText(id))}\n  ${text}: ${dim(safeText(detail))}\n`,
  )
  const rest = found.total - found.rows.length
  const end =
    found.total === 0
      ? `Nothing was kept aside${reason === undefined ? '' : ` with the reason ${safeText(reason)}`}.\n`
      : `${found.total} in all${rest > 0 && found.next ? `; more with --after '${found.next}'` : ''}\n`
  await cli.out.write(`${lines.join('')}${end}`)
  return 0
}

/** `orion migrate quarantine show` */
export const showQuarantined: Action<GlobalFlags, [string]> = async (cli, flags, id) => {
  const legacy = await cli.plugins.legacy()
  const row = await withClient(cli, flags, (client) => legacy.showQuarantined(client, id))
  if (flags.json) {
    await cli.out.write(jsonLine(row))
    return 0
  }
  const { bold, dim } = cli.out.colours
  const cells = Object.entries(row.cells).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `  ${name.padEnd(12)}${safeText(text)}\n`
  })
  await cli.out.write(
    `${bold(safeText(row.id))}\n  ${row.text}: ${safeText(row.detail)}\n  ${dim(`from ${safeText(row.source)}`)}\n\n${cells.join('')}`,
  )
  return 0
}

/** `orion migrate quarantine retry` */
export const retryQuarantined: Action<RetryQuarantineFlags, string[]> = async (
  cli,
  flags,
  ...ids
) => {
  if (ids.length === 0 && !flags.all) {
    throw new UsageError('expected the ids of rows, or --all', {
      remedy: '`orion migrate quarantine list` shows the ids',
    })
  }
  if (ids.length > 0 && flags.all) {
    throw new UsageError('expected the ids of rows, or --all, not both', {
      remedy: 'leave --all out to try only these',
    })
  }
  const legacy = await cli.plugins.legacy()
  const done = await withClient(cli, flags, (client) =>
    legacy.retryQuarantined(client, { ids: flags.all ? [] : ids, zone: flags.zone }),
  )
  await cli.out.write(flags.json ? jsonLine(done) : retriedText(cli, done))
  return done.piles.quarantined === 0 ? exitCodes.done : notVerified
}

function retriedText(
  { out }: Cli,
  { read, piles }: { readonly read: number; readonly piles: { readonly quarantined: number } },
): string {
  const gone = read - piles.quarantined
  const stay =
    piles.quarantined === 0 ? '' : out.colours.yellow(` ${piles.quarantined} still do not fit.`)
  return `${gone} of ${read} rows were brought over.${stay}\n`
}
