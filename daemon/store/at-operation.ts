import { OrionError } from '../../sdk/errors.ts'

/** Does one of several operations, and names it in the refusal. */
export function atOperation<T>(index: number, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof OrionError)) throw error
    throw new OrionError(error.kind, `operation ${index}: ${error.message}`, {
      ...error.data,
      operation: index,
    })
  }
}
