import { canonicalJson, type Json } from '../../sdk/index.ts'

/** What a step says, as text: who wrote it and its number. No two writes have the same. */
export function stepContent(step: { readonly agentId: string; readonly parameters: Json }): string {
  return `${step.agentId} ${canonicalJson(step.parameters)}`
}
