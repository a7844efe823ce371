/**
 * A digest of JSON values that is equal for equal values, whatever the order of their members, taken in one walk
 * without making a text: every write with an idempotency key pays for it.
 *
 * 64 bits without cryptography: it tells a client that it used one key for two different things. Whoever looks for
 * collisions on purpose deceives nobody but himself, because a key belongs to its principal.
 */
import { isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'

/** The digest of a value, as text. */
export function digestOf(value: Json): string {
  const digest = new Digest()
  digest.value(value)
  return digest.text()
}

/** Two lanes of 32 bits each. */
class Digest {
  #low = seedLow
  #high = seedHigh

  text(): string {
    this.#word(this.#low)
    this.#word(this.#high)
    return `${(this.#low >>> 0).toString(36)}.${(this.#high >>> 0).toString(36)}`
  }

  value(value: Json): void {
    if (typeof value === 'string') {
      this.#word(kinds.text)
      this.#text(value)
    } else if (typeof value === 'number') {
      this.#number(value)
    } else if (typeof value === 'boolean') {
      this.#word(value ? kinds.true : kinds.false)
    } else if (isJsonObject(value)) {
      this.#object(value)
    } else if (value === null) {
      this.#word(kinds.null)
    } else {
      this.#word(kinds.list)
      this.#word(value.length)
      for (const item of value) this.value(item)
    }
  }

  /** Each member starts from the seeds, and their digests are added up: a sum knows no order. */
  #object(value: JsonObject): void {
    const outerLow = this.#low
    const outerHigh = this.#high
    let sumLow = 0
    let sumHigh = 0
    for (const name of Object.keys(value)) {
      this.#low = seedLow
      this.#high = seedHigh
      this.#text(name)
      this.value(value[name] ?? null)
      this.#word(this.#high)
      this.#word(this.#low)
      sumLow = (sumLow + this.#low) | 0
      sumHigh = (sumHigh + this.#high) | 0
    }
    this.#low = outerLow
    this.#high = outerHigh
    this.#word(kinds.object)
    this.#word(sumLow)
    this.#word(sumHigh)
  }

  #number(value: number): void {
    this.#word(kinds.number)
    // Adding 0 makes 0 of -0, which JSON does not keep apart.
    if ((value | 0) === value) this.#word(value + 0)
    else this.#text(String(value))
  }

  #text(text: string): void {
    let low = this.#low
    let high = this.#high
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index)
      low = Math.imul(low ^ unit, primeLow)
      high = Math.imul(high ^ unit, primeHigh) ^ (low >>> 15)
    }
    this.#low = low
    this.#high = high
    this.#word(text.length)
  }

  #word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, primeLow)
    this.#high = Math.imul(this.#high ^ word, primeHigh) ^ (this.#low >>> 15)
    this.#low ^= this.#high >>> 13
  }
}

const seedLow = 0x2f0b4a27
const seedHigh = 0x6c62272e
const primeLow = 0x9e3779b1
const primeHigh = 0x85ebca6b
const kinds = { null: 1, false: 2, true: 3, number: 4, text: 5, list: 6, object: 7 } as const
