/** A plugin that handles every record that is written, as one does that means well. */
import { afterCommit, definePlugin } from '../../sdk/index.ts'
import { Entry } from './plugin-entry.ts'

let seen = 0

/** See the head of the file. */
export const plugin = definePlugin({
  name: 'follows',
  apiVersion: 1,
  scopes: { read: [Entry.name] },
  on: [
    afterCommit('count', Entry, {
      run: async ({ record }, { log }) => {
        seen++
        if (record === undefined) log(`expected a record with event ${seen}, got none`)
      },
    }),
  ],
})
