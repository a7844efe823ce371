/** Where a WebSocket listener may listen, and by which names it may be called. */
import { isIP } from 'node:net'

/** What the configuration says about WebSockets. */
export interface WebSocketSettings {
  /** `HOST:PORT`; port 0 is any free one. */
  readonly address: string
  /** Names by which it is called beside its address, with their ports: `Host` headers that are let in. */
  readonly hosts?: readonly string[] | undefined
  /** Web pages that are let in, such as `https://example.org`. */
  readonly origins?: readonly string[] | undefined
  /** Whether it may be reached from other machines. */
  readonly allowPublic?: boolean | undefined
}

/** An address to listen on. */
export interface ListenAddress {
  /** An IP address. */
  readonly host: string
  readonly port: number
}

/** Reads the address of a listener; a text tells what is wrong with it. */
export function readListenAddress(settings: WebSocketSettings): ListenAddress | string {
  const { address, allowPublic = false, hosts = [] } = settings
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(address) ?? []
  const named = bracketed ?? plain
  const host = named.toLowerCase() === 'localhost' ? '127.0.0.1' : named
  const port = Number(digits)
  if (digits === '' || port > 65_535 || isIP(host) === 0) {
    return `expected an IP address and a port such as 127.0.0.1:0, got ${address}`
  }
  if (isLoopback(host)) return { host, port }
  if (!allowPublic) {
    return `expected an address of this machine alone (127.0.0.1 or [::1]), got ${address}: others are refused unless allowPublic is set`
  }
  if (hosts.length > 0) return { host, port }
  return `expected hosts, the names by which ${address} is called, together with allowPublic`
}

/** The address as a `Host` header has it. */
export function hostText({ host, port }: ListenAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1'
}
