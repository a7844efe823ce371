/** The handshake, the end of a connection, and calling methods as commands. */
import type { z } from 'zod'
import { isOrionError, OrionError } from '../../../sdk/errors.ts'
import type { Json, JsonObject } from '../../../sdk/json.ts'
import type * as protocol from '../../../sdk/protocol/handshake.ts'
import { commandPrefix, commands, shakeHands } from '../handshake.ts'
import { withRecordTypes } from '../open-rpc.ts'
import type { RequestContext } from '../request-context.ts'
import { readableTypes } from '../rights.ts'
import type { CallMethod } from '../route.ts'

/** Opens the connection; the body limit is raised before the answer is on its way. */
export const initialize = (
  params: protocol.InitializeParams,
  context: RequestContext,
): protocol.InitializeResult | Promise<never> => {
  const { session, services } = context
  // What was sent at once with the last try that was left is not looked at.
  if (session.triesLeft <= 0) throw new OrionError('unauthenticated', 'too many tries', {})
  try {
    const { peer, result } = shakeHands(params, session.channel, services)
    session.begin(peer)
    return result
  } catch (error) {
    if (!isOrionError(error, 'unauthenticated')) throw error
    return refuse(error, context)
  }
}

/** Whoever guesses waits for each answer, and has few guesses. */
async function refuse(
  error: OrionError<'unauthenticated'>,
  { session, services }: RequestContext,
): Promise<never> {
  const { wrongTokenDelayMs } = services.limits
  const next = session.noteRefusal()
  if (error.data.proof === undefined) {
    await new Promise((resolve) => setTimeout(resolve, wrongTokenDelayMs))
  }
  if (next === 'no more') session.closeSoon()
  throw error
}

/** Ends the work of this connection. */
export const shutdown = (_params: unknown, context: RequestContext): null => {
  context.session.shutDown()
  return null
}

/** The OpenRPC document, with the record types that the caller may read. */
export async function discover(_params: unknown, context: RequestContext): Promise<JsonObject> {
  const { services, session } = context
  const document = services.openRpc()
  if (services.control.maintenance() !== undefined) return document
  const only = readableTypes(session.rights)
  const { types } = await services.store.listTypes(only === undefined ? {} : { only }, context)
  const schemas = types.map(({ name }) => [name, services.store.getType(name).jsonSchema] as const)
  return withRecordTypes(document, Object.fromEntries(schemas))
}

/** Only what `initialize` listed can be called, so that a command can't shake hands or call commands. */
export async function executeCommand(
  params: z.output<typeof protocol.ExecuteCommand.params>,
  _context: RequestContext,
  call: CallMethod,
): Promise<Json> {
  if (!commands.includes(params.command)) {
    throw new OrionError('invalid_request', `there is no command ${params.command.slice(0, 80)}`, {
      remedy: 'capabilities.executeCommandProvider.commands of the handshake lists them',
    })
  }
  const args = params.arguments ?? []
  if (args.length > 1) {
    throw new OrionError(
      'invalid_request',
      `expected one argument, an object with the parameters; got ${args.length}`,
      { remedy: 'pass the parameters of the method as the first argument' },
    )
  }
  const result = await call(params.command.slice(commandPrefix.length), args[0])
  return result as Json
}
