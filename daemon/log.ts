/** What the daemon tells its operators: structured lines, never on stdout. The only file that imports pino. */
import { pino, stdSerializers } from 'pino'

/** What a line says beside its message. An `error` or `reason` that was thrown is written with its stack. */
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

/** How much is written: the lines of this urgency, and of every greater one. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
/** How much is written. */
export type LogLevel = (typeof logLevels)[number]

/**
 * Lines of JSON on a file descriptor: 2 for stderr, or an open file. Written synchronously, so that the last
 * words of a daemon that dies are there. A log that can't be written does not stop the daemon.
 */
export function openLog(fd: number, level: LogLevel): Log {
  const destination = pino.destination({ fd, sync: true })
  destination.on('error', () => {
    // A full disk or a closed terminal: there is nowhere left to say so.
  })
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: thrown, reason: thrown },
    },
    destination,
  )
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  }
}

/** A log that keeps nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

function thrown(value: unknown): unknown {
  return value instanceof Error ? stdSerializers.errWithCause(value) : value
}
