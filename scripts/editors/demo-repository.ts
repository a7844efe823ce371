/** The files of the repository that the editor shows: a small service that follows parcels. */
export const demoFiles: Readonly<Record<string, string>> = {
  'README.md': `# parcel-tracker

Follows parcels of several carriers and tells customers where they are.

- \`npm test\` runs the unit tests, \`npm run test:integration\` those with a database
- \`npm run load\` puts the load of a December evening on a staging server
`,
  'package.json': `{
  "name": "parcel-tracker",
  "private": true,
  "type": "module",
  "scripts": {
    "test": "node --test",
    "test:integration": "node --test test/integration",
    "load": "node scripts/load.js"
  }
}
`,
  '.gitignore': 'node_modules/\n.orion/\n',
  'src/carrier-webhook.js': `/** Takes a carrier's word on a parcel. The same delivery may come twice, and in any order. */
export async function takeWebhook({ deliveryId, parcel, version, status }, store) {
  if (await store.hasSeen(deliveryId)) return 'repeated'
  const known = await store.get(parcel)
  if (known !== undefined && known.version >= version) return 'older'
  await store.put(parcel, { version, status, deliveryId })
  return 'taken'
}
`,
  'src/shipment-list.js': `/** A page of shipments, newest first. */
export async function listShipments({ limit = 50, after }, store) {
  return await store.page({ limit: Math.min(limit, 500), after, order: 'newest' })
}
`,
  'test/carrier-webhook.test.js': `import assert from 'node:assert/strict'
import { test } from 'node:test'

test('the same delivery is taken once', () => assert.ok(true))
`,
}
