import { Message } from 'vscode-jsonrpc/node'

/**
 * JSON that is encoded already, given as the result of a request or the params of a notification.
 *
 * The writer splices it into the message as it is, so stored JSON need not be parsed and encoded
 * again. Whoever makes one answers for it being one valid JSON value.
 */
export class EncodedJson {
  readonly json: string

  constructor(json: string) {
    this.json = json
  }

  /** The value itself, for whatever else encodes it, such as a trace. */
  toJSON(): unknown {
    return JSON.parse(this.json)
  }
}

/** The JSON text of a message; a result or params given as `EncodedJson` are spliced in. */
export function encodeMessage(message: Message): string {
  if (Message.isResponse(message)) {
    if (message.result instanceof EncodedJson) {
      return `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${message.result.json}}`
    }
  } else if (Message.isNotification(message) && message.params instanceof EncodedJson) {
    const method = JSON.stringify(message.method)
    return `{"jsonrpc":"2.0","method":${method},"params":${message.params.json}}`
  }
  return JSON.stringify(message)
}
