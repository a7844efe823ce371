import type { Client } from '../../sdk/client/client.ts'
import type { FoundPage, GetOptions, Page } from '../../sdk/client/queries.ts'
import type { ReferrerPage } from '../../sdk/client/referrers.ts'
import type { Repository } from '../../sdk/client/repository.ts'
import { idProblem, type Record } from '../../sdk/model.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { OrionInsight } from './record-types.ts'
import { type FoundPart, type PageOf, usualLimit } from './selection.ts'

/** An insight as it is stored. */
export type InsightRecord = Record<RecordData<typeof OrionInsight>>

/** The insights that one names, in the order in which it names them; those that are gone are left out. */
export interface NamedInsights {
  readonly supports: readonly InsightRecord[]
  readonly contradicts: readonly InsightRecord[]
  readonly relatedTo: readonly InsightRecord[]
}

/** What was learned. */
export class Insights {
  /** Everything else that can be done with these records. */
  readonly records: Repository<typeof OrionInsight>

  constructor(client: Client) {
    this.records = client.repository(OrionInsight)
  }

  /** A page of the insights of a domain, the surest first; only those that are at least so sure. */
  async byDomain(
    domain: string,
    {
      minConfidence = 0,
      ...page
    }: PageOf<typeof OrionInsight> & { readonly minConfidence?: number } = {},
  ): Promise<Page<typeof OrionInsight>> {
    return await this.records.list({
      limit: usualLimit,
      ...page,
      where: { domain, confidenceScore: { gte: minConfidence } },
      orderBy: surestFirst,
    })
  }

  /** A page of the insights with some words, the best first; only those that are at least so sure. */
  async search(
    query: string,
    {
      minConfidence = 0,
      ...part
    }: FoundPart<typeof OrionInsight> & { readonly minConfidence?: number } = {},
  ): Promise<FoundPage<typeof OrionInsight>> {
    const where = { confidenceScore: { gte: minConfidence } }
    return await this.records.search(query, {
      ...part,
      ...(minConfidence > 0 ? { where } : {}),
    })
  }

  /**
   * An insight and those that it names, in one request.
   *
   * @throws NotFoundError if there is no such insight.
   */
  async follow(
    id: string,
    options: Pick<GetOptions, 'atLeast' | 'signal' | 'timeoutMs'> = {},
  ): Promise<NamedInsights & { readonly insight: InsightRecord }> {
    const {
      expanded,
      omitted: _,
      ...insight
    } = await this.records.get(id, {
      ...options,
      expand: ['supports', 'contradicts', 'relatedTo'],
    })
    const { supports, contradicts, relatedTo } = expanded
    return {
      insight,
      supports: supports.filter(isActive),
      contradicts: contradicts.filter(isActive),
      relatedTo: relatedTo.filter(isActive),
    }
  }

  /** The insights that one names, as they are now. */
  async named({ data }: InsightRecord): Promise<NamedInsights> {
    const { supports, contradicts, relatedTo } = data
    const ids = [...new Set([...supports, ...contradicts, ...relatedTo])]
    const found = new Map<string, InsightRecord>()
    for (const record of await this.records.getMany(ids.filter(isId)))
      if (record?.lifecycle === 'active') found.set(record.id, record)
    const present = (names: readonly string[]): InsightRecord[] =>
      names.flatMap((id) => found.get(id) ?? [])
    return {
      supports: present(supports),
      contradicts: present(contradicts),
      relatedTo: present(relatedTo),
    }
  }

  /** A page of the insights that name one, and by what: as supported, contradicted or related; by one of them if asked. */
  async naming(
    id: string,
    { by, ...page }: PageOf<typeof OrionInsight> & { readonly by?: keyof NamedInsights } = {},
  ): Promise<ReferrerPage<typeof OrionInsight>> {
    return await this.records.referrersPage(id, {
      limit: usualLimit,
      ...page,
      from: OrionInsight,
      ...(by === undefined ? {} : { field: by }),
    })
  }
}

function isActive({ lifecycle }: InsightRecord): boolean {
  return lifecycle === 'active'
}

/** A weak reference may hold any text, also one that nothing can be asked by. */
function isId(text: string): boolean {
  return idProblem(text) === undefined
}

const surestFirst = [{ field: 'confidenceScore', direction: 'desc' }] as const
