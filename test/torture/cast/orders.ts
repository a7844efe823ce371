/** What the programs of a torture are told, and what they answer. */
import { z } from 'zod'

/** What a program does: an editor, an AI agent, the steps of CI jobs. */
export const roles = ['editor', 'agent', 'ci'] as const
export type Role = (typeof roles)[number]

export const order = z.discriminatedUnion('order', [
  /** Begin nothing new. */
  z.object({ order: z.literal('rest') }),
  /** End as soon as everything up to this position was heard. */
  z.object({ order: z.literal('end'), seq: z.int() }),
])
export type Order = z.infer<typeof order>

export const report = z.discriminatedUnion('report', [
  z.object({ report: z.literal('works') }),
  /** Nothing that it began is open. */
  z.object({ report: z.literal('rests') }),
])
export type Report = z.infer<typeof report>
