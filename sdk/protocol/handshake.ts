/** The handshake, the end of a connection, and the messages every JSON-RPC peer of an editor knows. */
import { z } from 'zod'
import { defineNotification, defineRequest, noParams, noResult } from './define.ts'
import { claims, json, jsonObject, scope, token, typeName } from './schemas.ts'

/** The protocol versions this side speaks, both inclusive. */
export const protocolRange = { min: 1, max: 1 } as const

export const clientKinds = ['editor', 'agent', 'cli', 'script', 'ci', 'plugin', 'other'] as const
export const clientInfo = z.object({
  name: z.string().min(1).max(255),
  version: z.string().max(255).optional(),
  kind: z.enum(clientKinds).catch('other').optional(),
})
/** Who a client says it is. */
export type ClientInfo = z.infer<typeof clientInfo>

/** LSP's members are taken in place of ours, so that an editor's own language client works unchanged. */
export const initializeParams = z.object({
  protocol: z.object({ min: z.int(), max: z.int() }).optional(),
  client: clientInfo.optional(),
  clientInfo: z.object({ name: z.string(), version: z.string().optional() }).nullish(),
  token: z.string().max(4096).optional(),
  /** Asks the daemon to prove that it knows a token, before the client shows it; answered with `data.proof` of 40100. */
  challenge: z
    .object({ tokenId: z.string().max(64), nonce: z.string().min(16).max(255) })
    .optional(),
  /** Where language clients can put a token. */
  initializationOptions: z
    .object({ token: z.string().max(4096).optional() })
    .nullish()
    .catch(undefined),
  workspace: z
    .object({
      root: z.string(),
      worktree: z.string().optional(),
      branch: z.string().optional(),
    })
    .optional(),
  rootUri: z.string().nullish(),
  workspaceFolders: z.array(z.object({ uri: z.string(), name: z.string().optional() })).nullish(),
  sessionId: z.string().max(255).optional(),
  processId: z.int().nullish(),
  narrow: z
    .object({
      principal: z.string().min(1).max(255).optional(),
      scopes: z.array(scope).optional(),
      types: z.array(typeName).max(1000).optional(),
    })
    .optional(),
  claims: claims.optional(),
  capabilities: jsonObject.optional(),
})
/** What a client sends first. */
export type InitializeParams = z.infer<typeof initializeParams>

export const initializeResult = z.object({
  protocol: z.int(),
  server: z.object({ name: z.string(), version: z.string() }),
  serverInfo: z.object({ name: z.string(), version: z.string() }),
  instanceId: z.string(),
  storeId: z.string(),
  epoch: z.string(),
  token,
  floor: token,
  principal: z.string(),
  scopes: z.array(scope),
  /** Record types that a scope is limited to; a scope that is not named here holds for all. */
  types: z.partialRecord(scope, z.array(z.string())).optional(),
  capabilities: jsonObject,
  limits: z.record(z.string(), z.number()),
  warnings: z.array(json),
})
/** What the daemon is and allows. */
export type InitializeResult = z.infer<typeof initializeResult>

export const Initialize = defineRequest('initialize', {
  params: initializeParams,
  result: initializeResult,
  summary: 'Opens the connection: agrees on the protocol and tells who is who. It must come first.',
})

export const Initialized = defineNotification('initialized', {
  params: noParams,
  direction: 'to daemon',
  summary: 'Accepted and optional, as language clients send it.',
})

export const Shutdown = defineRequest('shutdown', {
  params: noParams,
  result: noResult,
  summary: 'Ends the work of this connection, not the daemon; `exit` follows.',
})

export const Exit = defineNotification('exit', {
  params: noParams,
  direction: 'to daemon',
  summary: 'Closes this connection.',
})

export const Discover = defineRequest('rpc.discover', {
  params: noParams,
  result: jsonObject,
  summary:
    'The OpenRPC document of this interface, generated from the same declarations; `components.schemas` has the record types that the caller may read.',
})

export const ExecuteCommand = defineRequest('workspace/executeCommand', {
  params: z.object({ command: z.string(), arguments: z.array(json).optional() }),
  result: json,
  summary:
    'Calls `orion.<method>` with the first argument as its parameters, for editors that only run commands.',
})

export const SetTrace = defineNotification('$/setTrace', {
  params: z.object({ value: z.enum(['off', 'messages', 'verbose']) }),
  direction: 'to daemon',
  summary: 'Turns the daemon’s trace of this connection on or off.',
})

export const LogTrace = defineNotification('$/logTrace', {
  params: z.object({ message: z.string(), verbose: z.string().optional() }),
  direction: 'to client',
  summary: 'One line of the trace that `$/setTrace` asked for.',
})

export const Progress = defineNotification('$/progress', {
  params: z.object({
    token: z.union([z.string(), z.int()]),
    value: z.object({
      kind: z.enum(['begin', 'report', 'end']),
      title: z.string().optional(),
      message: z.string().optional(),
      percentage: z.number().optional(),
      /** Of how many, where that is known. */
      done: z.number().optional(),
      total: z.number().optional(),
      cancellable: z.boolean().optional(),
    }),
  }),
  direction: 'to client',
  summary: 'How far a request is that named a `workDoneToken`.',
})
