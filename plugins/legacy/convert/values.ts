/** Single values of a payload as the fields of a record want them; what is changed is said. */
import { isJsonObject, type Json, type JsonObject } from '../../../sdk/json.ts'
import { wellFormed } from '../decode/json-text.ts'
import { Repairs } from './repairs.ts'

/** A row that can't become a record without inventing something. */
export class Unfit extends Error {
  readonly reason: UnfitReason

  constructor(reason: UnfitReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

/** Why a row can't become a record. */
export type UnfitReason =
  | 'id_unreadable'
  | 'instant_unreadable'
  | 'outcome_missing'
  | 'outcome_unknown'
  | 'out_of_range'
  | 'wrong_kind'

/** An object whose members are taken one by one; what is left over is known to nobody. */
export class Members {
  readonly path: string
  readonly repairs: Repairs
  readonly #object: JsonObject
  readonly #taken = new Set<string>()

  constructor(object: JsonObject, repairs: Repairs, path = '') {
    this.#object = object
    this.repairs = repairs
    this.path = path
  }

  /** The member, and from now on it is known. */
  take(name: string): Json | undefined {
    this.#taken.add(name)
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name)
  }

  /** The path of a member, for repairs. */
  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }

  /** What nobody took. */
  rest(): [string, Json][] {
    return Object.entries(this.#object).filter(([name]) => !this.#taken.has(name))
  }

  /** A text; the fallback for null, and for what is missing. Without one: undefined, and that is no repair. */
  text(name: string, fallback: string): string
  text(name: string): string | undefined
  text(name: string, fallback?: string): string | undefined {
    const value = this.take(name)
    if (typeof value === 'string') return value
    if (value === undefined || value === null) return this.#fallback(name, value, fallback)
    this.repairs.add('made_text', this.at(name), value)
    return asText(value)
  }

  /** A number, also if it was written as a text. */
  number(name: string, fallback: number): number
  number(name: string): number | undefined
  number(name: string, fallback?: number): number | undefined {
    const value = this.take(name)
    if (typeof value === 'number') return value
    if (value === undefined || value === null) return this.#fallback(name, value, fallback)
    const meant = meantNumber(value)
    if (meant !== undefined) this.repairs.add('made_number', this.at(name), value)
    else if (fallback === undefined) this.repairs.add('value_left_out', this.at(name), value)
    else throw new Unfit('wrong_kind', `${this.at(name)}: expected a number, got ${shown(value)}`)
    return meant
  }

  /** A whole number. */
  integer(name: string, fallback: number): number {
    const value = this.number(name, fallback)
    if (Number.isSafeInteger(value)) return value
    const whole = Math.round(value)
    if (!Number.isSafeInteger(whole)) {
      throw new Unfit('out_of_range', `${this.at(name)}: expected a safe integer, got ${value}`)
    }
    this.repairs.add('rounded', this.at(name), value)
    return whole
  }

  /** A number from 0 to 1. */
  share(name: string, fallback: number): number {
    const value = this.number(name, fallback)
    if (value >= 0 && value <= 1) return value
    throw new Unfit('out_of_range', `${this.at(name)}: expected 0 to 1, got ${value}`)
  }

  /** A list of texts. One text is its only item, or several with `separator` between them. */
  texts(name: string, separator?: string): string[] {
    const value = this.take(name)
    if (value === undefined) return []
    const path = this.at(name)
    if (value === null) {
      this.repairs.add('null_replaced', path, value)
      return []
    }
    if (Array.isArray(value)) {
      if (value.every((item) => typeof item === 'string')) return value
      this.repairs.add('items_changed', path, value)
      return value.flatMap((item: Json) => (item === null ? [] : [asText(item)]))
    }
    this.repairs.add('made_list', path, value)
    if (typeof value !== 'string' || separator === undefined) return [asText(value)]
    return value
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== '')
  }

  /** An object with any members. */
  object(name: string): JsonObject {
    const value = this.take(name)
    if (isJsonObject(value)) return value
    if (value === undefined) return {}
    const path = this.at(name)
    this.repairs.add(value === null ? 'null_replaced' : 'made_object', path, value)
    if (value === null) return {}
    return Array.isArray(value) ? { items: value } : { value }
  }

  /** The members of a nested object; none, and a repair, if it is missing or null. */
  nested(name: string): Members {
    const value = this.take(name)
    const path = this.at(name)
    if (isJsonObject(value)) return new Members(value, this.repairs, path)
    if (value !== undefined && value !== null) {
      throw new Unfit('wrong_kind', `${path}: expected an object, got ${shown(value)}`)
    }
    this.repairs.add(value === null ? 'null_replaced' : 'missing_replaced', path, value)
    return new Members({}, new SilentRepairs(), path)
  }

  #fallback<T>(name: string, value: null | undefined, fallback: T): T {
    if (fallback === undefined) return fallback
    this.repairs.add(value === null ? 'null_replaced' : 'missing_replaced', this.at(name), value)
    return fallback
  }
}

/** What is missing because its whole object is was told once. */
class SilentRepairs extends Repairs {
  override add(): void {}
}

/** A value as one text: texts as they are, the rest as JSON. */
export function asText(value: Json): string {
  return typeof value === 'string' ? value : wellFormed(JSON.stringify(value))
}

function shown(value: Json): string {
  return asText(value).slice(0, 80)
}

function meantNumber(value: Json): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string') return undefined
  const [, digits] =
    /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*[a-z%]*\s*$/i.exec(value) ?? []
  const number = Number(digits)
  return digits === undefined || !Number.isFinite(number) ? undefined : number
}
