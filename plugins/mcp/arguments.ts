/** Arguments that several tools take. */
import { z } from 'zod'
import type { Json } from '../../sdk/json.ts'

export const type = z.string().min(1).max(255)
export const id = z.string().min(1).max(512)
export const limit = z.int().min(1).max(100).default(10)
export const detail = z.enum(['index', 'summary', 'full']).default('summary')
/** About the most tokens that an answer takes. */
export const maxTokens = z.int().min(50).max(20_000).default(1000)
/** Any JSON value; what comes over the wire is one. */
export const value = z.custom<Json>((given) => given !== undefined)
export const json = z.record(z.string(), value)
