/** Events as JSON text, encoded once for everybody who gets them. */
import type { Event } from '../../sdk/model.ts'
import type { Include, Match } from '../store/store-api.ts'

/** What an event says to some of its subscribers only. */
export interface EventMarks {
  readonly match?: Match | undefined
  /** How many earlier events of the record were left out for it. */
  readonly skipped?: number | undefined
}

interface Encoded {
  none?: string
  changes?: string
  record?: string
}

/**
 * Encodes events and keeps the text as long as the event itself is kept, so that all connections that are sent
 * an event from the shared tail of the log share one text.
 */
export class EventEncoder {
  readonly #texts = new WeakMap<Event, Encoded>()

  /** @param marks - Added for the subscriptions of one delivery. */
  encode(event: Event, include: Include, marks: EventMarks = {}): string {
    let texts = this.#texts.get(event)
    if (texts === undefined) {
      texts = {}
      this.#texts.set(event, texts)
    }
    texts[include] ??= JSON.stringify(narrowEvent(event, include))
    const text = texts[include]
    const { match, skipped = 0 } = marks
    if (match === undefined && skipped === 0) return text
    const matched = match === undefined ? '' : `,"match":"${match}"`
    return `${text.slice(0, -1)}${matched}${skipped === 0 ? '' : `,"skipped":${skipped}`}}`
  }
}

/**
 * What of an event a subscriber asked for: `record` all of it, `changes` all but the record, `none` neither the
 * record, nor the names of changed fields, nor a payload.
 */
export function narrowEvent(event: Event, include: Include): Event {
  switch (include) {
    case 'record':
      return event
    case 'changes': {
      const { record: _record, ...rest } = event
      return rest
    }
    case 'none': {
      const { record: _record, changedFields: _fields, payload: _payload, ...rest } = event
      return rest
    }
    default:
      return include satisfies never
  }
}
