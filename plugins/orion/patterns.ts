import type { Client } from '../../sdk/client/client.ts'
import type { FoundPage, Page } from '../../sdk/client/queries.ts'
import type { Repository, UpdateOptions } from '../../sdk/client/repository.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import type { Record } from '../../sdk/model.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { OrionPattern } from './record-types.ts'
import { type FoundPart, type PageOf, usualLimit } from './selection.ts'

/** A pattern as it is stored. */
export type PatternRecord = Record<RecordData<typeof OrionPattern>>

/** Ways of doing things, and how well they have worked. */
export class Patterns {
  /** Everything else that can be done with these records. */
  readonly records: Repository<typeof OrionPattern>

  constructor(client: Client) {
    this.records = client.repository(OrionPattern)
  }

  /** A page of the patterns, those used most often first. */
  async mostUsed(page: PageOf<typeof OrionPattern> = {}): Promise<Page<typeof OrionPattern>> {
    const orderBy = [{ field: 'frequencyCount', direction: 'desc' }] as const
    return await this.records.list({ limit: usualLimit, ...page, orderBy })
  }

  /** A page of the patterns used at least `minUses` times (5 unless said otherwise), the most successful first. */
  async mostSuccessful({
    minUses = 5,
    ...page
  }: PageOf<typeof OrionPattern> & { readonly minUses?: number } = {}): Promise<
    Page<typeof OrionPattern>
  > {
    return await this.records.list({
      limit: usualLimit,
      ...page,
      where: { frequencyCount: { gte: minUses } },
      orderBy: [
        { field: 'successRate', direction: 'desc' },
        { field: 'frequencyCount', direction: 'desc' },
      ],
    })
  }

  /** A page of the patterns with some words, the best first. */
  async search(
    query: string,
    part: FoundPart<typeof OrionPattern> = {},
  ): Promise<FoundPage<typeof OrionPattern>> {
    return await this.records.search(query, part)
  }

  /**
   * Counts one use of a pattern, and whether it succeeded. Of callers at the same time none is lost: who loses the race
   * counts again from what the other one left.
   *
   * @returns The pattern after it.
   * @throws NotFoundError if there is no such pattern.
   */
  async recordUse(
    id: string,
    succeeded: boolean,
    options: Omit<UpdateOptions, 'return'> = {},
  ): Promise<PatternRecord> {
    const { record } = await this.records.update(
      id,
      ({ data: { frequencyCount, successRate } }) => {
        const before = Math.max(0, frequencyCount)
        const successes = successRate * before + (succeeded ? 1 : 0)
        return {
          set: {
            frequencyCount: before + 1,
            // Rounding must not carry it over the end of its range.
            successRate: Math.min(1, successes / (before + 1)),
            lastUsed: instantFromMicros(Date.now() * 1000),
          },
        }
      },
      { ...options, return: 'record' },
    )
    return record
  }
}
