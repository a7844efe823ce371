/** The limits of references, from both sides. */
import assert from 'node:assert/strict'
import { assertTooLarge, type LimitCase } from './limit-cases.ts'

const definition = {
  name: 'Naming',
  fields: {
    names: { kind: 'list', items: { kind: 'reference', to: 'Note', weak: true } },
  },
}
const naming = (count: number) => ({
  type: 'Naming',
  data: { names: Array.from({ length: count }, (_, index) => `n${index}`) },
})

/** What one record may name, and what one answer looks up. */
export const referenceLimits = {
  expandedMax: {
    limits: { expandedMax: 2 },
    check: async ({ client }) => {
      await client.call('type/define', { definition })
      const expanded = async (count: number) => {
        const { id } = await client.call('record/create', naming(count))
        return await client.call('record/get', { type: 'Naming', id, expand: ['names'] })
      }
      const [fits, misfits] = [await expanded(2), await expanded(3)]
      assert.deepEqual([fits.omitted?.length, fits.incomplete], [2, undefined])
      assert.deepEqual([misfits.omitted?.length, misfits.incomplete], [2, true])
    },
  },
  referencesMax: {
    limits: { referencesMax: 3 },
    check: async ({ client }) => {
      await client.call('type/define', { definition })
      const bound = { limit: 3, actual: 4 }
      const { id } = await client.call('record/create', naming(3))
      assertTooLarge(await client.refused('record/create', naming(4)), bound)
      const set = { names: ['x', 'y', 'z'] }
      const update = { op: 'update', type: 'Naming', id, expectedVersion: 1, set }
      const create = { op: 'create', ...naming(1) }
      const error = await client.refused('record/transact', { operations: [update, create] })
      assertTooLarge(error, bound)
      await client.call('record/transact', { operations: [update] })
    },
  },
} satisfies { readonly [limit: string]: LimitCase }
