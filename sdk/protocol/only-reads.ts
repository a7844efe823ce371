/** Which requests leave the store as it is. */
import { ApplySimulation, ExecuteAction } from './actions.ts'
import type { RequestDefinition } from './define.ts'

/** Whether a request changes no record and publishes nothing, whoever sends it. */
export function onlyReads({ method, scope }: Pick<RequestDefinition, 'method' | 'scope'>): boolean {
  return scope === 'read' && !writesWhatItNames.has(method)
}

/** What these write is known by their parameters alone, so that reading is all that they need whatever these are. */
const writesWhatItNames: ReadonlySet<string> = new Set([
  ExecuteAction.method,
  ApplySimulation.method,
])
