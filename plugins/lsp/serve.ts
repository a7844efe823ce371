import { setTimeout as later } from 'node:timers'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Client } from '../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../sdk/client/connect.ts'
import { toWireError } from '../../sdk/client/wire-error.ts'
import { isOrionError, OrionError } from '../../sdk/errors.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import type { Event } from '../../sdk/model.ts'
import type { Scope } from '../../sdk/protocol/schemas.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { stdioTransport } from '../../sdk/transport/stdio.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { type CommandOutcome, commands } from './commands.ts'
import { safeLine } from './safe-text.ts'
import { ShownDocuments } from './shown-documents.ts'

/** How an editor reaches its store. */
export type LspOptions = Omit<ConnectOptions, 'client' | 'narrow'> & { readonly version: string }

/**
 * Serves an editor that speaks with language servers alone, on stdin and stdout, until it is gone. What it shows it writes into
 * files of its own; it never opens the store, but asks the daemon, which is found or started at the first command.
 */
export async function serveLsp(options: LspOptions): Promise<number> {
  const transport = stdioTransport({ side: 'server' })
  const server = new LspServer(transport, options)
  const parent = process.ppid
  const looks = setInterval(() => process.ppid !== parent && void transport.close(), parentLookMs)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => void transport.close())
  }
  await server.ended
  clearInterval(looks)
  await server.close()
  return server.wasShutDown ? 0 : 1
}

/** An editor that is killed closes nothing if somebody else holds its end of the pipe too. */
const parentLookMs = 1_000
/** Messages about what happens come at most so often. */
const tellEveryMs = 1_000
/** What the connection may at most: never write records, publish, define or administrate. */
const editorScopes: Scope[] = ['read', 'propose', 'approve']

const initializeParams = z.object({
  rootUri: z.string().nullish().catch(undefined),
  clientInfo: z
    .object({ name: z.string().min(1).max(255), version: z.string().max(255).optional() })
    .nullish()
    .catch(undefined),
  capabilities: z
    .object({
      window: z
        .object({
          showDocument: z.object({ support: z.boolean() }).optional(),
          showMessage: z.object({}).loose().optional(),
        })
        .optional(),
    })
    .nullish()
    .catch(undefined),
})
type Welcome = z.output<typeof initializeParams>

const commandParams = z.object({
  command: z.string().max(255),
  arguments: z.array(z.unknown()).max(10).nullish(),
})
const codeActionParams = z.object({
  textDocument: z.object({ uri: z.string() }),
  range: z.object({ start: z.object({ line: z.int().min(0) }) }),
})

/** One editor: the base protocol of language servers, and commands in it. */
export class LspServer {
  /** Resolves when the editor is gone. */
  readonly ended: Promise<void>
  readonly #options: LspOptions
  readonly #connection: ReturnType<typeof createConnection>
  readonly #documents = new ShownDocuments()
  #state: 'new' | 'ready' | 'shut down' = 'new'
  #welcome: Welcome = {}
  #client: Promise<Client> | undefined
  #reviewed: { readonly id: string; readonly digest: string | undefined } | undefined
  #untold: string[] = []
  #telling: NodeJS.Timeout | undefined

  constructor(transport: Transport, options: LspOptions) {
    this.#options = options
    this.#connection = createConnection(transport)
    this.ended = new Promise((resolve) => void transport.onClose(() => resolve()))
    const on = (method: string, serve: (params: unknown) => unknown): void => {
      this.#connection.onRequest(method, (params: unknown) =>
        this.#serve(method, () => serve(params)),
      )
    }
    on('initialize', (params) => {
      this.#welcome = initializeParams.parse(params)
      this.#state = 'ready'
      transport.raiseBodyLimit()
      return greeting(options.version)
    })
    on('shutdown', () => {
      this.#state = 'shut down'
      return null
    })
    on('workspace/executeCommand', (params) => this.#execute(params))
    on('textDocument/codeAction', (params) => this.#actionsAt(params))
    this.#connection.onNotification('exit', () => void transport.close())
    this.#connection.listen()
  }

  /** Whether the editor has said that it goes. */
  get wasShutDown(): boolean {
    return this.#state === 'shut down'
  }

  /** Ends the connection to the daemon and removes what was shown. Safe to repeat. */
  async close(): Promise<void> {
    clearTimeout(this.#telling)
    this.#connection.dispose()
    this.#documents.close()
    const client = await this.#client?.catch(() => undefined)
    await client?.close()
  }

  async #serve(method: string, serve: () => unknown): Promise<unknown> {
    try {
      const isFirst = method === 'initialize'
      if (isFirst !== (this.#state === 'new')) {
        const expected = this.#state === 'new' ? 'initialize first' : 'nothing of that any more'
        throw new OrionError('invalid_request', `expected ${expected}, got ${safeLine(method)}`, {})
      }
      return await serve()
    } catch (error) {
      if (error instanceof z.ZodError) {
        const [issue] = error.issues
        const text = `${method}: ${issue?.path.join('.')}: ${issue?.message}`
        throw toWireError(new OrionError('invalid_request', text, {}))
      }
      throw toWireError(error)
    }
  }

  async #execute(params: unknown): Promise<unknown> {
    const { command, arguments: args } = commandParams.parse(params)
    const run = commands.get(command)
    try {
      if (run === undefined) {
        throw new OrionError('invalid_request', `there is no command ${safeLine(command)}`, {
          remedy: `there are ${[...commands.keys()].join(', ')}`,
        })
      }
      const client = await this.#connect()
      const ask = (question: string): Promise<boolean | undefined> => this.#ask(question)
      const outcome = await run(args ?? [], { client, reviewed: this.#reviewed, ask })
      return await this.#tell(outcome)
    } catch (error) {
      this.#say(1, failureText(error))
      throw error
    }
  }

  async #tell(outcome: CommandOutcome): Promise<unknown> {
    if ('message' in outcome) {
      this.#say(3, outcome.message)
      return { message: outcome.message }
    }
    if (outcome.reviewed !== undefined) this.#reviewed = outcome.reviewed
    const { uri, lines } = this.#documents.write(outcome.show)
    if (this.#welcome.capabilities?.window?.showDocument?.support === true) {
      await this.#connection
        .sendRequest('window/showDocument', { uri, takeFocus: true })
        .catch(() => this.#say(2, `can't be opened here: ${uri}`))
    } else {
      this.#say(3, lines.slice(0, shownLinesMax).join('\n'))
    }
    return { uri, text: lines.join('\n') }
  }

  /** What can be done about the line of the cursor, in documents of ours alone. */
  #actionsAt(params: unknown): unknown {
    const { textDocument, range } = codeActionParams.parse(params)
    const subject = this.#documents.subjectAt(textDocument.uri, range.start.line)
    if (subject === undefined) return []
    const { type, id, digest } = subject
    const name = safeLine(id)
    const action = (title: string, command: string, args: readonly unknown[]) => ({
      title,
      command,
      arguments: args,
    })
    if (type !== 'Proposal') return [action(`Orion: show ${name}`, 'orion.show', [type, id])]
    if (digest === undefined) return [action(`Orion: review ${name}`, 'orion.review', [id])]
    return [
      action(`Orion: approve exactly this (${name})`, 'orion.approve', [id, digest]),
      action(`Orion: reject ${name}`, 'orion.reject', [id, digest]),
      action(`Orion: carry out ${name}`, 'orion.execute', [id, digest]),
    ]
  }

  async #connect(): Promise<Client> {
    this.#client ??= this.#open(editorScopes)
    try {
      return await this.#client
    } catch (error) {
      this.#client = undefined
      throw error
    }
  }

  /** Nobody may ask for a scope that his token does not have: it is done without those. */
  async #open(scopes: Scope[]): Promise<Client> {
    const { version, ...options } = this.#options
    const { clientInfo, rootUri } = this.#welcome
    const cwd = rootUri?.startsWith('file://') ? fileURLToPath(rootUri) : options.cwd
    try {
      const client = await connect({
        ...options,
        cwd,
        client: { name: `orion-lsp (${clientInfo?.name ?? 'unknown'})`, version, kind: 'editor' },
        narrow: { scopes },
      })
      await client.on(['JobResult.created', 'Proposal.submitted'], (event) => this.#note(event))
      return client
    } catch (error) {
      const missing = isOrionError(error, 'forbidden') ? error.data.needs : undefined
      const rest = scopes.filter((scope) => scope !== missing)
      if (rest.length === 0 || rest.length === scopes.length) throw error
      return await this.#open(rest)
    }
  }

  #note({ type, id, record }: Event): void {
    const { status, jobId } = record?.data ?? {}
    if (type === 'JobResult' && status === 'SUCCESS') return
    const text = type === 'JobResult' ? `job ${jobId} has failed` : `a proposal waits: ${id}`
    this.#untold.push(safeLine(text).slice(0, 200))
    this.#telling ??= later(() => {
      const [first = '', ...more] = this.#untold
      this.#untold = []
      this.#telling = undefined
      this.#say(2, more.length === 0 ? first : `${first}, and ${more.length} more`)
    }, tellEveryMs)
  }

  #say(type: 1 | 2 | 3, text: string): void {
    const message = `orion: ${text}`
    // An editor that is gone need not be told.
    this.#connection.sendNotification('window/showMessage', { type, message }).catch(() => {})
  }

  /** Undefined where the editor can't ask. */
  async #ask(question: string): Promise<boolean | undefined> {
    if (this.#welcome.capabilities?.window?.showMessage === undefined) return undefined
    // What a hasty Enter chooses is the first.
    const actions = [{ title: 'No' }, { title: 'Yes' }]
    const params = { type: 3, message: `orion: ${question}`, actions }
    const answer: unknown = await this.#connection.sendRequest('window/showMessageRequest', params)
    return z.object({ title: z.literal('Yes') }).safeParse(answer).success
  }
}

const shownLinesMax = 20

function greeting(version: string): object {
  return {
    capabilities: {
      textDocumentSync: { openClose: true, change: 0 },
      executeCommandProvider: { commands: [...commands.keys()] },
      codeActionProvider: true,
    },
    serverInfo: { name: 'orion', version },
  }
}

function failureText(error: unknown): string {
  const message = safeLine(error instanceof Error ? error.message : String(error))
  const remedy =
    error instanceof LaunchError
      ? error.remedy
      : isOrionError(error)
        ? error.data.remedy
        : undefined
  return remedy === undefined ? message : `${message} (${safeLine(remedy)})`
}
