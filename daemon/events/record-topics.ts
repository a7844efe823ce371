/** Which topics record types have, and which types a pattern is about. */
import type { Operation } from '../../sdk/model.ts'
import { movesOf } from '../../sdk/proposal-states.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** What can happen to a record; the last word of its topics. */
export const operations: readonly Operation[] = [
  'created',
  'updated',
  'deleted',
  'restored',
  'archived',
  'purged',
]

/** The types of which some topic fits one of the patterns. */
export function matchedTypes(
  patterns: readonly TopicPattern[],
  typeNames: readonly string[],
): readonly string[] {
  return typeNames.filter((type) => patterns.some((pattern) => fitsType(pattern, type)))
}

/** Whether a topic of this type fits a pattern. */
export function fitsType(pattern: TopicPattern, type: string): boolean {
  const { topic } = pattern
  if (topic !== undefined && !topic.startsWith(`${type}.`)) return false
  const words = [...operations, ...movesOf(type)]
  return words.some((word) => pattern.matches(`${type}.${word}`))
}

/**
 * The record type whose topics are all that a pattern can match, because it begins with the type's name and a
 * dot; undefined when it may match others, or topics of clients' own.
 */
export function onlyType(pattern: TopicPattern, typeNames: readonly string[]): string | undefined {
  const [first = ''] = pattern.text.split('.')
  const named = pattern.text.length > first.length && typeNames.includes(first)
  return named ? first : undefined
}
