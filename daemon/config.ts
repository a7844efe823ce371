/** The settings of one store's daemon: unknown in, frozen `Config` out. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { didYouMean } from '../sdk/did-you-mean.ts'
import { LaunchError, systemCode } from '../sdk/launch/launch-error.ts'
import { scope } from '../sdk/protocol/schemas.ts'
import { type PolicyRule, policyOperations } from './governance/policy.ts'
import { defaultLimits, fixedLimits, type Limits } from './limits.ts'
import { type LogLevel, logLevels } from './log.ts'
import {
  type ListenAddress,
  readListenAddress,
  type WebSocketSettings,
} from './session/websocket-address.ts'
import { type EngineName, engineNames } from './store/engine/load-engine.ts'

/** Every setting, with its default in place of what nobody set. */
export interface Config {
  readonly limits: Limits
  readonly logLevel: LogLevel
  /** Which build of SQLite runs the store; each opens what the other wrote. */
  readonly engine: EngineName
  /** Record types whose history outlives their events, and for how long, in milliseconds. */
  readonly historyKeptMs: Readonly<Record<string, number>>
  /** Whether a token is needed on the owner's own socket too. */
  readonly requireToken: boolean
  /** What may be done at once, and what has to be proposed: the first rule that fits decides. */
  readonly policy: readonly PolicyRule[]
  /** Where it listens for WebSockets; undefined when it does not. */
  readonly webSocket: (WebSocketSettings & { readonly listen: ListenAddress }) | undefined
}

/** Where settings come from, the later ones first: the command line, the environment, the store's file. */
export interface ConfigSources {
  /** Directory of the store; `config.json` in it is optional. */
  readonly storeDirectory: string
  /** `ORION_LOG`, `ORION_ENGINE`, and `ORION_LIMIT_IDLE_EXIT_MS=1000` and the like for each limit. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly limits?: Partial<Limits>
  /** Address for WebSockets; comes before that of the file. */
  readonly webSocket?: string | undefined
}

/** Name of the file, in the store's directory. */
export const configFileName = 'config.json'

/** @throws LaunchError `start_failed` that names the setting, what was expected and what came. */
export function loadConfig(sources: ConfigSources): Config {
  const path = join(sources.storeDirectory, configFileName)
  const file = parseWith(fileSchema, readSettings(path), path)
  const environment = parseWith(fileSchema, settingsOf(sources.env), 'the environment')
  const limits = { ...defaultLimits, ...given(file.limits), ...given(environment.limits) }
  return Object.freeze({
    limits: Object.freeze({ ...limits, ...sources.limits }),
    logLevel: environment.logLevel ?? file.logLevel ?? 'info',
    engine: environment.engine ?? file.engine ?? engineNames[0],
    historyKeptMs: Object.freeze(file.historyKeptMs ?? {}),
    requireToken: file.requireToken ?? false,
    policy: Object.freeze(file.policy ?? []),
    webSocket: webSocketOf(sources.webSocket, file.websocket, path),
  })
}

const isFixed: (name: string) => boolean = (name) => [...fixedLimits].some((one) => one === name)
const limitNames = Object.keys(defaultLimits).filter((name) => !isFixed(name))
/** Limits for which 0 has a meaning of its own. */
const mayBeZero: ReadonlySet<string> = new Set(['idleExitMs', 'drainMaxMs', 'backupEveryMs'])

const limitsSchema: z.ZodType<Partial<Limits>> = z.strictObject(
  Object.fromEntries(
    limitNames.map((name) => [
      name,
      z
        .int()
        .min(mayBeZero.has(name) ? 0 : 1)
        .optional(),
    ]),
  ),
)

const webSocketSchema = z.strictObject({
  address: z.string(),
  hosts: z.array(z.string().min(1)).optional(),
  origins: z.array(z.string().min(1)).optional(),
  allowPublic: z.boolean().optional(),
})

const policyRuleSchema: z.ZodType<PolicyRule> = z.strictObject({
  types: z.array(z.string().min(1).max(64)).min(1).optional(),
  operations: z.array(z.enum(policyOperations)).min(1).optional(),
  scope: scope.optional(),
  decision: z.enum(['allow', 'propose', 'deny']),
  quorum: z.int().min(1).max(100).optional(),
})

const fileSchema = z.strictObject({
  limits: limitsSchema.optional(),
  logLevel: z.enum(logLevels).optional(),
  engine: z.enum(engineNames).optional(),
  historyKeptMs: z.record(z.string(), z.int().min(1)).optional(),
  requireToken: z.boolean().optional(),
  policy: z.array(policyRuleSchema).max(1000).optional(),
  websocket: z.union([z.string(), webSocketSchema]).optional(),
})

function webSocketOf(
  asked: string | undefined,
  inFile: z.infer<typeof fileSchema>['websocket'],
  path: string,
): Config['webSocket'] {
  const kept = typeof inFile === 'string' ? { address: inFile } : inFile
  const address = asked ?? kept?.address
  if (address === undefined) return undefined
  const settings = { ...kept, address }
  const listen = readListenAddress(settings)
  if (typeof listen !== 'string') return Object.freeze({ ...settings, listen })
  throw new LaunchError('start_failed', `websocket: ${listen}`, {
    remedy: `correct --websocket, or websocket in ${path}`,
  })
}

function readSettings(path: string): unknown {
  let text: string
  try {
    // A pipe in its place would be waited for.
    if (!statSync(path).isFile()) throw wrong(path, 'a file, got something else')
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof LaunchError) throw error
    if (systemCode(error) === 'ENOENT') return {}
    throw wrong(path, `a file that can be read, got ${systemCode(error)}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrong(path, `JSON, got: ${error instanceof Error ? error.message : 'something else'}`)
  }
}

/** `ORION_LIMIT_IDLE_EXIT_MS` sets `idleExitMs`; values are checked like those of the file. */
function settingsOf(env: ConfigSources['env']): unknown {
  const limits: { [name: string]: unknown } = {}
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(limitPrefix) || value === undefined) continue
    const words = variable.slice(limitPrefix.length).toLowerCase()
    limits[words.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())] =
      /^\d+$/.test(value) ? Number(value) : value
  }
  return {
    limits,
    ...(env.ORION_LOG === undefined ? {} : { logLevel: env.ORION_LOG }),
    ...(env.ORION_ENGINE === undefined ? {} : { engine: env.ORION_ENGINE }),
  }
}

const limitPrefix = 'ORION_LIMIT_'

function parseWith<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.map(String).join('.') ?? ''
  throw wrong(where, `other settings: ${path === '' ? '' : `${path}: `}${issue?.message}`, issue)
}

function wrong(where: string, expected: string, issue?: z.core.$ZodIssue): LaunchError {
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  if (unknown !== undefined && isFixed(unknown)) {
    return new LaunchError('start_failed', `${unknown} of ${where} is part of the protocol`, {
      remedy: 'remove the setting: no configuration changes it',
    })
  }
  const meant =
    unknown === undefined
      ? undefined
      : didYouMean(unknown, [...limitNames, ...Object.keys(fileSchema.shape)])
  return new LaunchError('start_failed', `expected of ${where} ${expected}`, {
    remedy: meant === undefined ? 'correct or remove the setting' : `did you mean ${meant}?`,
  })
}

/** What was set; members that were left out do not hide a default. */
function given(limits: Partial<Limits> | undefined): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined))
}
