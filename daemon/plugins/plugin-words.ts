/** A manifest in plain words, for the person who grants it. */
import type { PluginManifest } from '../../sdk/protocol/plugin-messages.ts'

/** What a plugin may do once it is granted, one sentence a line; what asks for most comes first. */
export function wordsOf(manifest: PluginManifest, stored: readonly string[]): string[] {
  const { scopes, recordTypes, actions, hooks, on, migrations } = manifest
  const { read, write, propose, publish } = scopes
  const own = recordTypes.map(({ name }) => name)
  const taken = own.filter((name) => stored.includes(name))
  const refusing = hooks.filter(({ fail }) => fail === 'closed')
  return [
    ...line(write, 'change, delete and create', 'records'),
    ...line(read, 'read', 'records'),
    ...line(propose, 'propose changes to', 'records'),
    ...line(publish, 'publish events named', 'topics'),
    ...some(
      own,
      (names) => `bring record types, and do with their records what it likes: ${names}`,
    ),
    ...some(taken, (names) => `take record types for its own that the store has already: ${names}`),
    ...some(
      migrations.map(({ type }) => type),
      (names) => `change the shape of all records of its types: ${names}`,
    ),
    ...hooks.map(
      ({ type, operations }) =>
        `see, change and refuse every ${listed(operations)} of ${type} before it happens, whoever asks for it`,
    ),
    ...some(
      refusing.map(({ type }) => type),
      (names) => `stop all such writes while it does not run: ${names}`,
    ),
    ...some(
      on.flatMap(({ patterns }) => patterns),
      (names) => `act by itself on events: ${names}`,
    ),
    ...some(
      actions.map(({ name }) => name),
      (names) => `offer actions, which do what they do with the rights of whoever asks: ${names}`,
    ),
  ]
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

function line(types: 'all' | readonly string[] | undefined, verb: string, noun: string): string[] {
  if (types === undefined) return []
  if (types === 'all') return [`${verb} ALL ${noun} of the store`]
  return [`${verb} ${[...types].join(', ')}`]
}

function some(names: readonly string[], say: (names: string) => string): string[] {
  const different = [...new Set(names)]
  return different.length === 0 ? [] : [say(different.join(', '))]
}
