/** Runs the handlers of a plugin: each event in order, again until it is handled, from where the last process was. */
import type { EventStream } from '../client/event-stream.ts'
import type { Event } from '../model.ts'
import type { Reaction } from './hook.ts'
import type { ReactionContext } from './plugin-context.ts'
import type { RunningPlugin, Settings } from './running-plugin.ts'

/** Opens the subscription of each handler; resolves when all are open. They run until the plugin stops. */
export async function runReactions(plugin: RunningPlugin): Promise<void> {
  for (const reaction of plugin.declaration.on ?? []) {
    const stream = await open(plugin, reaction)
    void handleAll(plugin, reaction, stream)
  }
}

async function open(
  { context }: RunningPlugin,
  reaction: Reaction<Settings>,
): Promise<EventStream<unknown>> {
  const { name, what, where, operations, from } = reaction
  const { client, plugin, signal, log } = context
  const options = {
    // Nobody else's position has this name.
    name: `plugin:${plugin}/${name}`,
    from,
    signal,
    onGap: () => log(`${name}: events were compacted away before they were handled`),
  }
  if (!('name' in what)) return await client.subscribe(what, { ...options, allowUnknown: true })
  const more = {
    ...(where === undefined ? {} : { where: where as never }),
    ...(operations === undefined ? {} : { operations }),
  }
  return await client.subscribe(what, { ...options, ...more })
}

async function handleAll(
  plugin: RunningPlugin,
  reaction: Reaction<Settings>,
  stream: EventStream<unknown>,
): Promise<void> {
  const { log, signal } = plugin.context
  try {
    for await (const event of stream) {
      if (!(await handle(plugin, reaction, event)) || signal.aborted) return
    }
  } catch (error) {
    if (!signal.aborted) log(`${reaction.name}: ended`, { error: String(error) })
  }
}

/** @returns false when the handler has to stop at this event, which then counts as not handled. */
async function handle(
  plugin: RunningPlugin,
  reaction: Reaction<Settings>,
  event: Event<unknown>,
): Promise<boolean> {
  const { name, retriesMax, afterRetries } = reaction
  const { signal, log } = plugin.context
  const context = contextFor(plugin, reaction, event)
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await plugin.surroundings.causedBy(
        event.token,
        async () => await reaction.run(typed(event), context),
      )
      return true
    } catch (error) {
      if (signal.aborted) return false
      log(`${name} failed`, { event: event.token, attempt: attempt + 1, error: String(error) })
      if (attempt >= retriesMax) break
      await pause(Math.min(pauseMaxMs, pauseFirstMs * 2 ** attempt), signal)
    }
  }
  if (signal.aborted) return false
  log(`${name} ${afterRetries === 'skip' ? 'skips' : 'stops at'} an event`, { event: event.token })
  if (afterRetries === 'skip') return true
  // The loop does not ask for the next event, so this one stays unhandled until the plugin starts again.
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  return false
}

function contextFor(
  { context }: RunningPlugin,
  { name }: Reaction<Settings>,
  { token }: Event<unknown>,
): ReactionContext<Settings> {
  return {
    ...context,
    idempotencyKey: (write) =>
      [context.plugin, name, token, ...(write === undefined ? [] : [write])].join('/'),
  }
}

/** The handler was declared for the events that it subscribes to. */
function typed(event: Event<unknown>): never {
  return event as never
}

/** Between two attempts, in milliseconds. */
const pauseFirstMs = 100
const pauseMaxMs = 10_000

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', settle)
      resolve()
    }
    const timer = setTimeout(settle, ms)
    signal.addEventListener('abort', settle, { once: true })
  })
}
