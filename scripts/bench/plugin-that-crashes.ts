/** A plugin that ends its process with whatever it is told first, again and again, until it is given up. */
import { afterCommit, definePlugin } from '../../sdk/index.ts'
import { Entry } from './plugin-entry.ts'

/** See the head of the file. */
export const plugin = definePlugin({
  name: 'crashes',
  apiVersion: 1,
  scopes: { read: [Entry.name] },
  on: [afterCommit('fall', Entry, { run: async () => process.exit(1) })],
})
