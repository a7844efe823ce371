/** What filters and orders look at: a member of a record's envelope, a field of its data, or a part of one. */
import { didYouMean } from '../did-you-mean.ts'
import { OrionError } from '../errors.ts'
import type { FieldDefinition, FieldDefinitions } from '../field.ts'
import { hasControlCharacter } from '../model.ts'
import type { RecordTypeDefinition } from '../record-type.ts'

/** Members of the envelope that can be asked for. */
export type EnvelopeName = 'id' | 'version' | 'createdAt' | 'createdBy' | 'updatedAt' | 'updatedBy'

/** The members of the envelope, described like fields. */
export const envelopeFields: { readonly [N in EnvelopeName]: FieldDefinition } = {
  id: { kind: 'text' },
  version: { kind: 'integer' },
  createdAt: { kind: 'instant' },
  createdBy: { kind: 'text' },
  updatedAt: { kind: 'instant' },
  updatedBy: { kind: 'text' },
}

/** A place in a record that has a value, or has none. */
export type Target = {
  /** As it is written: `summary`, `outputs.checksum`. */
  readonly name: string
  /** Names of the members that lead from the field to the value; empty for the field itself. */
  readonly path: readonly string[]
  /** What is known of the value; undefined inside a `json` field, where any JSON may be. */
  readonly definition: FieldDefinition | undefined
  /** Whether the value may be missing. */
  readonly nullable: boolean
} & (
  | { readonly from: 'envelope'; readonly field: EnvelopeName }
  | { readonly from: 'data'; readonly field: string }
)

/** The kind of a target's value; `any` inside a `json` field. */
export type TargetKind = FieldDefinition['kind'] | 'any'

/** The kind of a target's value. */
export function targetKind(target: Target): TargetKind {
  return target.definition?.kind ?? 'any'
}

/** A name to look up, and where in the request it stands. */
export interface NamedPlace {
  readonly name: string
  /** Dotted path of the name in the checked value, for the error. */
  readonly path: string
}

/**
 * Finds what a name stands for.
 *
 * @throws OrionError `invalid_request` for a name that the type does not have, with the one that was meant.
 */
export function resolveTarget(definition: RecordTypeDefinition, place: NamedPlace): Target {
  const { name } = place
  if (isEnvelopeName(name)) {
    const known = envelopeFields[name]
    return { name, from: 'envelope', field: name, path: [], definition: known, nullable: false }
  }
  const [field = '', ...path] = name.split('.')
  const top = fieldOf(definition.fields, field)
  if (top === undefined) throw unknownName(definition, place)
  const nullable = path.length > 0 || top.optional === true
  return { name, from: 'data', field, path, definition: descend(top, path, place), nullable }
}

function descend(
  top: FieldDefinition,
  path: readonly string[],
  place: NamedPlace,
): FieldDefinition | undefined {
  let known: FieldDefinition | undefined = top
  let above = place.name.slice(0, place.name.indexOf('.'))
  for (const member of path) {
    if (known === undefined || known.kind === 'json') {
      checkMember(member, place)
      known = undefined
    } else if (known.kind === 'object') {
      const inner = fieldOf(known.fields, member)
      if (inner === undefined) throw unknownMember({ above, member, fields: known.fields }, place)
      known = inner
    } else {
      throw invalidAt(place.path, `${shortened(above)} is a ${known.kind} and has no members`)
    }
    above = `${above}.${member}`
  }
  return known
}

/** Names that both JSON and SQLite's paths spell alike; others can't be asked for. */
function checkMember(member: string, { path }: NamedPlace): void {
  const plain = member !== '' && !hasControlCharacter(member) && !/["\\]/.test(member)
  if (plain && member.isWellFormed()) return
  throw invalidAt(
    path,
    'expected names with a dot between them, without quotation marks, backslashes or control characters',
  )
}

function isEnvelopeName(name: string): name is EnvelopeName {
  return Object.hasOwn(envelopeFields, name)
}

function fieldOf(fields: FieldDefinitions, name: string): FieldDefinition | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function unknownName(definition: RecordTypeDefinition, { name, path }: NamedPlace): OrionError {
  const known = [...Object.keys(definition.fields), ...Object.keys(envelopeFields)]
  const message = `${definition.name} has no field ${quoted(name)}`
  return invalidAt(path, message, didYouMean(name, known))
}

function unknownMember(
  miss: { readonly above: string; readonly member: string; readonly fields: FieldDefinitions },
  { path }: NamedPlace,
): OrionError {
  const meant = didYouMean(miss.member, Object.keys(miss.fields))
  const message = `${shortened(miss.above)} has no member ${quoted(miss.member)}`
  return invalidAt(path, message, meant === undefined ? undefined : `${miss.above}.${meant}`)
}

/** Longest part of a name that an error repeats, in characters. */
const shownMaxLength = 255

function shortened(name: string): string {
  return name.length > shownMaxLength ? `${name.slice(0, shownMaxLength)}…` : name
}

/** A name from outside as an error tells it. */
export function quoted(name: string): string {
  return JSON.stringify(shortened(name))
}

/** The error for one wrong place of a filter or an order. */
export function invalidAt(place: string, message: string, meant?: string): OrionError {
  const path = shortened(place)
  const told = meant === undefined ? message : `${message}; did you mean ${meant}?`
  return new OrionError('invalid_request', path === '' ? told : `${path}: ${told}`, {
    issues: [{ path, message: told }],
    ...(meant === undefined ? {} : { didYouMean: meant }),
  })
}
