import { createHash } from 'node:crypto'
import { idProblem } from '../../../sdk/model.ts'

/**
 * The id that a record has here: the old one if it can be an id, else a digest of it. It is the same for each who names
 * it, so that references still lead where they led.
 */
export function targetIdOf(id: string): string {
  if (idProblem(id) === undefined) return id
  return id === '' ? id : `legacy-${createHash('sha256').update(id).digest('hex')}`
}
