/** The commands of an editor, by their names: what each takes, and what comes of it. */
import { z } from 'zod'
import type { Client } from '../../sdk/client/client.ts'
import { OrionError } from '../../sdk/errors.ts'
import * as proposals from '../../sdk/protocol/proposals.ts'
import { GetRecord, ListRecords } from '../../sdk/protocol/records.ts'
import { SearchRecords } from '../../sdk/protocol/search.ts'
import type { ShownText } from './shown-documents.ts'
import { listText, recordText, reviewText } from './texts.ts'

/** What a command needs. */
export interface CommandContext {
  readonly client: Client
  /** The review that was shown last, if there was one. */
  readonly reviewed: { readonly id: string; readonly digest: string | undefined } | undefined
  /** Asks a yes-or-no question where the editor can; undefined where it can't. */
  ask(question: string): Promise<boolean | undefined>
}

/** What comes of a command: a text to be shown, or a message; a review names its digest. */
export type CommandOutcome =
  | { readonly show: ShownText; readonly reviewed?: CommandContext['reviewed'] }
  | { readonly message: string }

/** What the editor gives a command, not looked at yet. */
export type Run = (args: readonly unknown[], context: CommandContext) => Promise<CommandOutcome>

const pageSize = 100
const text = z.string().min(1).max(1024)

/** The commands. */
export const commands: ReadonlyMap<string, Run> = new Map<string, Run>([
  ['orion.jobs', list('jobs', 'Jobs', 'JobResult')],
  ['orion.insights', list('insights', 'Insights', 'OrionInsight')],
  ['orion.patterns', list('patterns', 'Patterns', 'OrionPattern')],
  ['orion.proposals', list('proposals', 'Proposals', 'Proposal')],
  ['orion.log', list('log', 'Action log', 'OrionActionLog')],
  ['orion.search', search],
  ['orion.show', show],
  ['orion.review', review],
  ['orion.approve', approve],
  ['orion.reject', reject],
  ['orion.execute', execute],
])

function list(name: string, title: string, type: string): Run {
  return async (args, { client }) => {
    parse(z.tuple([]), args, 'nothing')
    const { records, next } = await client.request(ListRecords, {
      type,
      limit: pageSize,
      orderBy: [{ field: 'createdAt', direction: 'desc' }],
    })
    return { show: listText(name, title, { records, more: next !== undefined }) }
  }
}

async function search(args: readonly unknown[], { client }: CommandContext) {
  const [query] = parse(z.tuple([text]), args, '["words"]')
  const { hits, next } = await client.request(SearchRecords, { query, limit: pageSize })
  const records = hits.map(({ record }) => record)
  return { show: listText('search', 'Found', { records, more: next !== undefined }) }
}

async function show(args: readonly unknown[], context: CommandContext): Promise<CommandOutcome> {
  const [type, id] = parse(z.tuple([text, text]), args, '["Type", "id"]')
  return { show: recordText(await context.client.request(GetRecord, { type, id })) }
}

/** Without an id, the proposal that has waited longest. */
async function review(args: readonly unknown[], context: CommandContext): Promise<CommandOutcome> {
  const [named] = parse(z.tuple([text.optional()]), args, '["id"]')
  const id = named ?? (await oldestWaiting(context.client))
  if (id === undefined) return { message: 'no proposal waits' }
  const seen = await context.client.request(proposals.DiffProposal, { id })
  return { show: reviewText(seen), reviewed: { id, digest: seen.digest } }
}

async function oldestWaiting(client: Client): Promise<string | undefined> {
  const { records } = await client.request(ListRecords, {
    type: 'Proposal',
    where: { status: 'pending' },
    orderBy: [{ field: 'createdAt', direction: 'asc' }],
    limit: 1,
  })
  return records[0]?.id
}

/** Nobody decides about what was not shown: the digest is that of a review. */
function decided(args: readonly unknown[], { reviewed }: CommandContext, more: readonly string[]) {
  const shape = z.tuple([text.optional(), digest.optional(), z.string().max(2000).optional()])
  const [id = reviewed?.id, given, third] = parse(shape, args, `["id", "digest"${more.join('')}]`)
  const seen = given ?? (id === reviewed?.id ? reviewed?.digest : undefined)
  if (id !== undefined && seen !== undefined) return { id, digest: seen, third }
  throw new OrionError('invalid_request', 'expected what was reviewed, got nothing', {
    remedy: 'run orion.review first: it shows what would change',
  })
}

const digest = z.string().regex(/^[0-9a-f]{64}$/)

async function approve(args: readonly unknown[], context: CommandContext): Promise<CommandOutcome> {
  const { id, digest: seen } = decided(args, context, [])
  const now = await context.client.request(proposals.DiffProposal, { id })
  if (now.approver) {
    throw new OrionError('forbidden', 'approving needs a passphrase, which is not asked for here', {
      remedy: `orion proposal approve ${id}`,
    })
  }
  const question = `Approve exactly what the review of ${id} shows (digest ${seen.slice(0, 12)}…)?`
  if ((await context.ask(question)) === false) return { message: 'not approved' }
  const moved = await context.client.request(proposals.ApproveProposal, { id, digest: seen })
  return { message: `${id} is ${moved.status}, ${moved.approvals} of ${moved.quorum} approvals` }
}

async function reject(args: readonly unknown[], context: CommandContext): Promise<CommandOutcome> {
  const { id, digest: seen, third } = decided(args, context, [', "reason"'])
  // By a code action nobody can type a reason.
  const comment = third?.trim() || 'rejected in the editor'
  const params = { id, digest: seen, comment }
  const moved = await context.client.request(proposals.RejectProposal, params)
  return { message: `${id} is ${moved.status}` }
}

async function execute(args: readonly unknown[], context: CommandContext): Promise<CommandOutcome> {
  const { id, digest: seen } = decided(args, context, [])
  const moved = await context.client.request(proposals.ExecuteProposal, { id, digest: seen })
  return { message: `${id} is ${moved.status}` }
}

function parse<T extends z.ZodType>(shape: T, args: readonly unknown[], expected: string) {
  // Some editors give the arguments as one list, and leave out those at the end.
  const [first] = args
  const given = args.length === 1 && Array.isArray(first) ? first : args
  const length = shape instanceof z.ZodTuple ? shape.def.items.length : 0
  const filled = [
    ...given,
    ...Array.from({ length: Math.max(0, length - given.length) }, () => undefined),
  ]
  const parsed = shape.safeParse(filled)
  if (parsed.success) return parsed.data
  throw new OrionError(
    'invalid_request',
    `expected the arguments ${expected}, got ${JSON.stringify(given).slice(0, 200)}`,
    { remedy: 'see docs/editors/helix.md' },
  )
}
