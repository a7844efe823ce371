/**
 * Keeps secrets out of what `orion run` records. What is masked is replaced by `***`; the command itself, its output and
 * its environment are never touched.
 */
import { parseMaskRules } from './mask-rules.ts'

/** What stands for a secret. */
export const masked = '***'

/** Replaces what looks like a secret. */
export interface Masker {
  /** Masks free text, such as the end of an error output. */
  text(text: string): string
  /** Masks an argument list; a flag such as `--password` also hides the argument after it. */
  list(args: readonly string[]): string[]
  /** Items of `ORION_MASK` that could not be understood, for a warning. */
  readonly problems: readonly string[]
}

/**
 * Makes a masker for this environment.
 *
 * Hides the values of variables whose names sound secret (`*TOKEN*`, `*SECRET*`, `*PASSWORD*`, `*KEY*` and the like, see
 * `secretName`), tokens of well-known form, `Authorization` values, passwords in URLs and the values of flags and
 * assignments that sound secret. `ORION_MASK` adds names and patterns, or takes names out.
 */
export function createMasker(env: Readonly<Record<string, string | undefined>>): Masker {
  const rules = parseMaskRules(env.ORION_MASK ?? '')
  const isSecretName = (name: string): boolean =>
    !rules.excluded(name) && (secretName.test(name) || rules.included(name))
  const values = secretValues(env, isSecretName)
  const text = (input: string): string => {
    let output = input
    for (const value of values) output = output.replaceAll(value, masked)
    for (const pattern of rules.patterns) output = output.replace(pattern, masked)
    for (const [pattern, replacement] of knownForms) output = output.replace(pattern, replacement)
    return output
  }
  return { text, list: (args) => maskList(args, { text, isSecretName }), problems: rules.problems }
}

/** Names of variables and flags whose values are secrets unless `ORION_MASK` says otherwise. */
const secretName =
  /token|secret|passw(or)?d|passphrase|passcode|credential|(^|[_.-])(pw|pass|auth|jwt|cookie|dsn)([_.-]|$)|key/i

/** Values that stand behind secret names but say nothing, and shorter ones, would blank out half of a text. */
const secretMinLength = 6
const innocent = /^(?:true|false|null|none|undefined|enabled|disabled|default|\d{1,8})$/i

function secretValues(
  env: Readonly<Record<string, string | undefined>>,
  isSecretName: (name: string) => boolean,
): string[] {
  const values = new Set<string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name === 'ORION_MASK' || !isSecretName(name)) continue
    for (const part of [value, ...value.split(/\r?\n/)]) {
      if (part.trim().length < secretMinLength || innocent.test(part)) continue
      for (const form of writtenForms(part)) values.add(form)
    }
  }
  // Longest first, so that a secret which holds another is hidden whole.
  return [...values].sort((left, right) => right.length - left.length)
}

/** A secret is often printed encoded: in JSON, in a URL, or as base64. */
function writtenForms(value: string): string[] {
  const forms = [value, JSON.stringify(value).slice(1, -1), Buffer.from(value).toString('base64')]
  return value.isWellFormed() ? [...forms, encodeURIComponent(value)] : forms
}

const secretWords =
  'token|secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credentials?'

/** What is a secret by its form alone. Each runs in linear time: no repetition holds another one. */
const knownForms: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gs, masked],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,})/g, masked],
  [/\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}/g, masked],
  [/\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}/g, masked],
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, masked],
  [/\bxox[a-z]-[A-Za-z0-9-]{10,}/g, masked],
  [/\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{30,}|\bAIza[\w-]{30,}|\bhf_[A-Za-z0-9]{30,}/g, masked],
  [/\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, masked],
  [/\b(Bearer|Basic|Digest|Negotiate)\s+[A-Za-z0-9+/=._~:-]{6,}/gi, `$1 ${masked}`],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"']{0,200}):[^\s/@"']{1,500}@/gi, `$1:${masked}@`],
  [/(:\/\/)[^\s:/@"']{16,500}@/g, `$1${masked}@`],
  [assignment(`(?:${secretWords})`, '=', 1), `$1${masked}`],
  [assignment('(?:passw(?:or)?d|passphrase|secret)', ':', 1), `$1${masked}`],
  // `Unexpected token: }` is no secret, so what follows a colon has to have some length.
  [assignment(`(?:${secretWords})`, ':', secretMinLength), `$1${masked}`],
]

/** `name=value` and `"name": "value"`, quoted or not; the value is what is hidden. */
function assignment(name: string, sign: string, minLength: number): RegExp {
  const quoted = `"[^"\\n]{${minLength},}"|'[^'\\n]{${minLength},}'`
  const bare = `[^\\s"',;&)}\\]]{${minLength},}`
  return new RegExp(`(${name}["']?\\s{0,4}${sign}\\s{0,4})(?:${quoted}|${bare})`, 'gi')
}

interface ListRules {
  readonly text: (text: string) => string
  readonly isSecretName: (name: string) => boolean
}

function maskList(args: readonly string[], { text, isSecretName }: ListRules): string[] {
  let hideNext = false
  return args.map((arg, index) => {
    const hide = hideNext && !arg.startsWith('-')
    const [, name = '', sign] = /^(--?[A-Za-z][\w.-]*|[A-Za-z_]\w*)(=)?/.exec(arg) ?? []
    const secret = name !== '' && isSecretName(name.replace(/^-+/, ''))
    hideNext = !hide && secret && name.startsWith('-') && name === arg
    if (hide) return masked
    if (secret && sign === '=') return `${name}=${masked}`
    return maskLogin(args[index - 1], arg) ?? text(arg)
  })
}

/** `curl -u name:password`; a pair of numbers is a user and a group, as Docker takes them. */
function maskLogin(flag: string | undefined, value: string): string | undefined {
  if (flag === undefined || !/^(?:-u|-U|--user|--proxy-user)$/.test(flag)) return undefined
  const [, name, password] = /^([^:]*):(.+)$/.exec(value) ?? []
  return password === undefined || /^\d+$/.test(password) ? undefined : `${name}:${masked}`
}
