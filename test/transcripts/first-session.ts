/** What a client of version 1 of the protocol does: each request that a program cannot do without, and the errors it has to know. */
import type { Step } from './play-transcript.ts'

const type = 'Ticket'
const definition = {
  name: type,
  fields: {
    title: { kind: 'text', searchable: true },
    state: { kind: 'enumeration', values: ['open', 'closed'], default: 'open', indexed: true },
    votes: { kind: 'integer', default: 0 },
    tags: { kind: 'list', items: { kind: 'text' }, default: [] },
  },
}
const create = (id: string, title: string, more = {}): Step => ({
  method: 'record/create',
  params: { type, id, data: { title, ...more } },
  events: 1,
})

/** The session, in order. */
export const firstSession: readonly Step[] = [
  {
    method: 'initialize',
    params: {
      protocol: { min: 1, max: 1 },
      client: { name: 'transcript', version: '1', kind: 'script' },
    },
  },
  { method: 'type/define', params: { definition } },
  { method: 'type/define', params: { definition } },
  { method: 'type/get', params: { type } },
  {
    method: 'subscription/open',
    params: { patterns: ['Ticket.*', 'Build.*'], allowUnknown: true },
  },
  create('one', 'the first of all tickets'),
  create('two', 'the second ticket', { tags: ['slow'] }),
  create('three', 'another one', { state: 'closed', votes: 3 }),
  { method: 'record/create', params: { type, id: 'one', data: { title: 'again' } } },
  { method: 'record/get', params: { type, id: 'one' } },
  { method: 'record/get', params: { type, id: 'none' } },
  {
    method: 'record/getMany',
    params: {
      keys: [
        { type, id: 'two' },
        { type, id: 'none' },
      ],
    },
  },
  {
    method: 'record/update',
    params: {
      type,
      id: 'one',
      expectedVersion: 1,
      set: { title: 'the first ticket' },
      reason: 'said in fewer words',
      idempotencyKey: 'k1',
    },
    events: 1,
  },
  {
    method: 'record/update',
    params: {
      type,
      id: 'one',
      expectedVersion: 1,
      set: { title: 'the first ticket' },
      reason: 'said in fewer words',
      idempotencyKey: 'k1',
    },
  },
  {
    method: 'record/update',
    params: { type, id: 'one', expectedVersion: 1, set: { title: 'b' }, idempotencyKey: 'k1' },
  },
  {
    method: 'record/update',
    params: { type, id: 'one', expectedVersion: 1, set: { title: 'too late' } },
  },
  {
    method: 'record/update',
    params: { type, id: 'one', apply: [{ field: 'votes', op: 'increment', value: 2 }] },
    events: 1,
  },
  {
    method: 'record/update',
    params: { type, id: 'one', expectedVersion: 3, set: { votes: 2 } },
  },
  {
    method: 'record/update',
    params: { type, id: 'one', expectedVersion: 3, set: { votes: 'many' } },
  },
  {
    method: 'record/update',
    params: { type, id: 'one', expectedVersion: 3, set: { tags: ['a'] }, dryRun: true },
  },
  {
    method: 'record/transact',
    params: {
      operations: [
        { op: 'update', type, id: 'two', expectedVersion: 1, set: { state: 'closed' } },
        { op: 'create', type, id: 'four', data: { title: 'made together' } },
      ],
      guards: [{ type, id: 'one', version: 3 }],
      return: 'record',
    },
    events: 2,
  },
  {
    method: 'record/transact',
    params: {
      operations: [{ op: 'delete', type, id: 'four', expectedVersion: 1 }],
      guards: [{ type, id: 'one', version: 1 }],
    },
  },
  { method: 'record/list', params: { type, orderBy: [{ field: 'title' }], limit: 3 } },
  {
    method: 'record/list',
    params: { type, orderBy: [{ field: 'title' }], limit: 3, after: '<cursor 1>' },
  },
  { method: 'record/list', params: { type, where: { state: 'closed', votes: { gte: 1 } } } },
  { method: 'record/list', params: { type, where: { stat: 'closed' } } },
  { method: 'record/count', params: { type, groupBy: 'state' } },
  { method: 'record/search', params: { query: 'first ticket', types: [type] } },
  { method: 'record/history', params: { type, id: 'one' } },
  { method: 'record/blame', params: { type, id: 'one' } },
  { method: 'record/archive', params: { type, id: 'two', expectedVersion: 2 }, events: 1 },
  { method: 'record/delete', params: { type, id: 'two', expectedVersion: 3 }, events: 1 },
  { method: 'record/get', params: { type, id: 'two' } },
  { method: 'record/restore', params: { type, id: 'two', expectedVersion: 4 }, events: 1 },
  { method: 'record/purge', params: { type, id: 'four', expectedVersion: 1 }, events: 1 },
  { method: 'event/publish', params: { topic: 'Build.done', payload: { ok: true } }, events: 1 },
  { method: 'event/list', params: { patterns: ['Build.*', 'Ticket.purged'] } },
  { method: 'subscription/flush', params: { subscriptionId: '<subscription 1>' } },
  {
    method: 'workspace/executeCommand',
    params: { command: 'orion.record/count', arguments: [{ type }] },
  },
  { method: 'record/create', params: { type: 'Tickets', data: {} } },
  { method: 'record/create', params: { type } },
  { method: 'record/explode', params: {} },
  { method: 'subscription/open', params: { patterns: ['Tickit.*'] } },
  { method: 'subscription/close', params: { subscriptionId: '<subscription 1>' } },
  { method: 'shutdown' },
]
