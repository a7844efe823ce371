/** Explains why a store's file can't be opened. */
import { OrionError } from '../../sdk/errors.ts'
import { EngineError, type EngineErrorKind } from './engine/engine.ts'

const remedies: { readonly [K in EngineErrorKind]?: string } = {
  'not-a-database':
    'If it was a store, `orion doctor --repair` goes back to its newest good backup; else move the file away, or choose another directory with --store.',
  corrupt:
    '`orion doctor --repair` goes back to the newest good backup; `orion backup restore FILE` to one you name.',
  'cannot-open': 'Check that the directory exists and that you may write in it.',
  'read-only': 'Make the file and its directory writable, or choose another store with --store.',
  full: 'Free some space on the disk.',
}

/** An engine's failure as the error that callers see; anything else is passed through. */
export function storageError(error: unknown, path: string): unknown {
  if (!(error instanceof EngineError)) return error
  const kind = error.kind === 'full' ? 'storage_full' : 'storage_failed'
  const remedy = remedies[error.kind]
  const data = remedy === undefined ? {} : { remedy }
  return new OrionError(kind, `the store ${path} can't be opened: ${error.message}`, data, {
    cause: error,
  })
}
