/** A program that runs the daemon's main, for tests that need it in a process of its own. */
import { runDaemon } from '../../daemon/main.ts'

process.exitCode = await runDaemon(process.argv.slice(2))
