import type { Actor } from '../../../sdk/model.ts'
import { safeText } from './safe-text.ts'

/** The program that wrote, and what it said of itself, which nobody has proved: `claude-code (claims model opus, run 7)`. */
export function clientText({ client, claims = {} }: Pick<Actor, 'client' | 'claims'>): string {
  const said = Object.entries(claims).filter(([name, value]) => {
    return value !== undefined && !(name === 'agent' && value === client)
  })
  const claimed = said.map(([name, value]) => `${name} ${value}`).join(', ')
  return safeText(claimed === '' ? client : `${client} (claims ${claimed})`)
}
