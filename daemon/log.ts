/** What the daemon tells its operators: structured lines, never on stdout. The only file that imports pino. */
import { pino } from 'pino'

/** One line of context. */
export interface LogFields {
  readonly [name: string]: unknown
}

/** Where parts of the daemon write. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** How much is written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Lines of JSON on a file descriptor: 2 for stderr, or an open file. Written synchronously, so none is lost. */
export function openLog(fd: number, level: LogLevel): Log {
  const logger = pino({ level, base: null }, pino.destination({ fd, sync: true }))
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  }
}

/** A log that keeps nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
