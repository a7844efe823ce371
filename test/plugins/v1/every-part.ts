/**
 * A plugin of version 1 that uses every part of the interface, as it was when the interface began. It is not to be changed:
 * plugins like it are out there.
 */
import {
  afterCommit,
  beforeWrite,
  defineAction,
  definePlugin,
  defineRecordType,
  enumeration,
  integer,
  text,
  z,
} from '../../../sdk/index.ts'

export const Ticket = defineRecordType('V1Ticket', {
  description: 'Something to be done.',
  fields: {
    title: text({ minLength: 1, searchable: true }),
    state: enumeration(['open', 'done'], { default: 'open', indexed: true }),
    urgency: integer({ default: 0, minimum: 0, maximum: 9 }),
  },
})

export const Count = defineRecordType('V1Count', { fields: { closed: integer({ default: 0 }) } })

const settings = z.object({ urgencyMax: z.int().min(0).max(9).default(5) })
type Settings = z.output<typeof settings>

const close = defineAction('v1.close', {
  description: 'Closes a ticket.',
  input: z.object({ id: z.string().min(1), twice: z.boolean().default(false) }),
  types: [Ticket],
  requiresProposal: false,
  dangerous: false,
  retriesMax: 3,
  criteria: [
    {
      path: 'id',
      check: async ({ id }, { get }) => {
        const ticket = await get(Ticket, id)
        if (ticket === undefined) return 'names no ticket'
        return ticket.data.state === 'open' ? undefined : 'is closed already'
      },
    },
  ],
  apply: async ({ id }, { get, list, principal, at, signal }) => {
    signal.throwIfAborted()
    const ticket = await get(Ticket, id)
    const open = await list(Ticket, { where: { state: 'open' }, limit: 10 })
    if (principal === '' || at === '' || open.length === 0) throw new Error('nothing is known')
    const expectedVersion = ticket?.version ?? 1
    return [{ op: 'update', type: Ticket.name, id, expectedVersion, set: { state: 'done' } }]
  },
  afterwards: [
    ({ params, results }) => {
      if (params.twice) throw new Error(`told of ${results.length}`)
    },
  ],
})

export const plugin = definePlugin({
  name: 'every-part',
  apiVersion: 1,
  version: '1.0.0',
  description: 'Uses every part of the interface.',
  scopes: {
    read: ['OrionInsight', 'V1'],
    write: ['OrionInsight'],
    propose: 'all',
    publish: ['V1'],
  },
  recordTypes: [Ticket, Count],
  migrations: [],
  settings,
  actions: [close],
  hooks: [
    beforeWrite(Ticket, {
      operations: ['create', 'update', 'delete'],
      fail: 'closed',
      timeMaxMs: 60_000,
      run: async ({ op, id, principal, before, after }, context) => {
        const { urgencyMax } = context.settings as Settings
        if (op === 'delete') return { refuse: `${principal} may not delete ${id}` }
        if ((after?.urgency ?? 0) > urgencyMax) return { refuse: 'is too urgent', path: 'urgency' }
        const others = await context.list(Ticket, {
          where: { title: after?.title ?? '' },
          orderBy: [{ field: 'createdAt', direction: 'desc' }],
          limit: 1,
        })
        const known = others[0] === undefined ? undefined : await context.get(Ticket, others[0].id)
        if (op === 'create' && known !== undefined) return { refuse: 'is there already' }
        return before === undefined && after?.urgency === undefined
          ? { set: { urgency: 1 } }
          : undefined
      },
    }),
    beforeWrite(Count, { fail: 'open', run: () => ({ unset: [] }) }),
  ],
  on: [
    afterCommit('count', Ticket, {
      from: 'snapshot',
      where: { state: 'done' },
      operations: ['updated'],
      retriesMax: 5,
      afterRetries: 'skip',
      run: async ({ id, token }, { client, idempotencyKey, log, plugin: name, signal }) => {
        signal.throwIfAborted()
        const counts = client.repository(Count)
        if ((await counts.find('all')) === undefined) await counts.create({}, { id: 'all' })
        const apply = [{ field: 'closed', op: 'increment', value: 1 }] as const
        await counts.update('all', { apply }, { idempotencyKey: idempotencyKey() })
        await client.publish(
          'V1.closed',
          { id: id ?? '' },
          { idempotencyKey: idempotencyKey('tell') },
        )
        log(`${name} counted`, { token })
      },
    }),
    afterCommit('listen', ['V1.*'], { from: 'now', run: () => {} }),
  ],
  start: async ({ client, log, settings: given }) => {
    log('every-part starts', { settings: given, principal: client.server.principal })
  },
  stop: () => {},
})
