/** A plugin that does nothing. */
import { definePlugin } from '../../../sdk/plugin/define-plugin.ts'

export const plugin = definePlugin({ name: 'quiet', apiVersion: 1 })
