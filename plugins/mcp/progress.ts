import type { ServerContext } from '@modelcontextprotocol/server'

/**
 * Does some work, and tells a client that wants to know every second that it is still being done, so that the client's own
 * patience begins anew. What the client does not ask for costs nothing.
 */
export async function withProgress<T>(
  { mcpReq }: ServerContext,
  work: () => Promise<T>,
): Promise<T> {
  const progressToken = mcpReq._meta?.progressToken
  if (progressToken === undefined) return await work()
  let progress = 0
  const timer = setInterval(() => {
    const params = { progressToken, progress: ++progress, message: `${progress} s so far` }
    // A client that is gone ends the whole program.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }, everyMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

const everyMs = 1_000
