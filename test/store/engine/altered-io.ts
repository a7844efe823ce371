import { type HostIo, nodeHostIo } from '../../../daemon/store/engine/host-io.ts'

/**
 * The real file system, where each call can be altered during the test: what is assigned to the
 * returned object takes effect at once, and deleting it brings the real call back.
 */
export function alteredIo(): { readonly io: HostIo; readonly altered: Partial<HostIo> } {
  const altered: Partial<HostIo> = {}
  const io = new Proxy(nodeHostIo, {
    get: (real, name: keyof HostIo) => altered[name] ?? real[name],
  })
  return { io, altered }
}

/** An error as the host throws it. */
export function hostError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

/** A function that fails with that code. */
export function failing(code: string): () => never {
  return () => {
    throw hostError(code)
  }
}
