/** The command that runs another one and remembers how it went. */
import { command, globalFlags } from '../command.ts'
import type { RunFlags } from '../flags.ts'

/** `orion run` */
export const runCommand = command<RunFlags, string[]>({
  brief: 'Run a command and record how it went',
  about: [
    'Runs a command as if it had been started alone: its input, output, signals and exit code pass through unchanged.',
    'Records an OrionActionLog (what ran, how long, how it ended, the end of its error output) and a JobResult',
    '(SUCCESS, FAILURE, or BLOCKED when it could not be started or was stopped; exit code, duration, peak memory, output sizes, artifacts).',
    'Secrets are masked in what is recorded; see ORION_MASK. If the store can’t be written, one line on stderr says so.',
    'Exits with the command’s own code, 128+n after signal n, 127 if it was not found, 126 if it could not be run.',
  ].join('\n'),
  examples: [
    ['run -- npm test', 'the job is called `npm test`'],
    ["run --job build --artifact 'dist/**' -- make -j4", 'with a name, and what it made'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      job: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'ID',
        brief: 'Name of the job; default the command line',
      },
      artifact: {
        kind: 'parsed',
        parse: String,
        variadic: true,
        optional: true,
        placeholder: 'GLOB',
        brief: 'Files to record after the end, with size, type and SHA-256; may be repeated',
      },
    },
    positional: {
      kind: 'array',
      parameter: { parse: String, placeholder: 'COMMAND', brief: 'The command and its arguments' },
      minimum: 1,
    },
  },
  load: async () => (await import('../run/run.ts')).run,
})
