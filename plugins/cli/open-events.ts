import type { Client } from '../../sdk/client/client.ts'
import type { EventStream } from '../../sdk/client/event-stream.ts'
import type { PatternSubscriptionOptions } from '../../sdk/client/subscription-options.ts'
import { isOrionError } from '../../sdk/errors.ts'
import type { Cli } from './context.ts'

/**
 * Opens the events of some patterns for a person.
 *
 * A pattern that fits no topic is an error when another one was probably meant. Else it is for a topic of the user's own
 * that is still to come: that is said, and it is waited for.
 */
export async function openEvents(
  cli: Cli,
  client: Client,
  request: { readonly patterns: readonly string[]; readonly options: PatternSubscriptionOptions },
): Promise<EventStream> {
  const { patterns, options } = request
  try {
    return await client.subscribe(patterns, options)
  } catch (error) {
    if (!isOrionError(error, 'invalid_request') || error.data.didYouMean !== undefined) throw error
    // If something else is wrong with the patterns, the same error comes again.
    const stream = await client.subscribe(patterns, { ...options, allowUnknown: true })
    const note = `There is no such event so far: ${patterns.join(' ')}\n`
    await cli.err.write(cli.err.colours.dim(note))
    return stream
  }
}
