/** Access tokens: what others than the owner connect with. */
import { z } from 'zod'
import { defineRequest, noParams } from './define.ts'
import * as shape from './schemas.ts'

/** Most record types that one scope of a token may name. */
export const tokenTypesMax = 256

/** A record type, or the first word of clients' own topics. */
const typeWord = z
  .string()
  .regex(/^[^\s\p{Cc}\p{Cs}.*?[\]{}!,\\]{1,64}$/u, 'expected the name of a record type, no pattern')
const typeWords = z.array(typeWord).min(1).max(tokenTypesMax)

export const tokenInfo = z.object({
  /** Names the token; no secret. */
  id: z.string(),
  /** The principal of whoever connects with it. */
  name: z.string(),
  scopes: z.array(shape.scope),
  /** Record types that a scope is limited to; a scope that is not named here holds for all. */
  types: z.partialRecord(shape.scope, z.array(z.string())).optional(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: z.string(),
  createdBy: z.string(),
  /** The token of whoever made it; when that one ends, so does this one. */
  parentId: z.string().optional(),
  expiresAt: z.string().optional(),
  /** To the minute or so. */
  lastUsedAt: z.string().optional(),
  revokedAt: z.string().optional(),
})
/** What is told of a token. */
export type TokenInfo = z.infer<typeof tokenInfo>

export const createTokenParams = z.object({
  name: z.string().min(1).max(255),
  scopes: z.array(shape.scope).min(1),
  /** What all of the scopes are limited to, or some of them. */
  types: z.union([typeWords, z.partialRecord(shape.scope, typeWords)]).optional(),
  /** Without it the token lasts until it is revoked. */
  expiresInMs: z
    .int()
    .min(1)
    .max(100 * 365 * 86_400_000)
    .optional(),
})
/** A token that is asked for. */
export type CreateTokenParams = z.infer<typeof createTokenParams>

export const CreateToken = defineRequest('token/create', {
  params: createTokenParams,
  result: tokenInfo.extend({
    /** The token itself, told this once. */
    token: z.string(),
    warnings: z.array(z.string()),
  }),
  scope: 'admin',
  summary:
    'Makes an access token, which gives its own principal and scopes; never more than its maker has.',
})

export const ListTokens = defineRequest('token/list', {
  params: noParams,
  result: z.object({ tokens: z.array(tokenInfo) }),
  scope: 'admin',
  summary: 'The access tokens of the store, oldest first, without their secrets.',
})

export const RevokeToken = defineRequest('token/revoke', {
  params: z.object({ id: z.string().min(1).max(255) }),
  result: z.object({
    /** The token and those that were made with it; empty when it had been revoked before. */
    revoked: z.array(z.string()),
  }),
  scope: 'admin',
  summary:
    'Ends an access token, and those that were made with it; their connections lose their rights at once.',
})
