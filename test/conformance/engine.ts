import { describe } from 'node:test'
import type { Engine } from '../../daemon/store/engine/engine.ts'
import { backupModelTests } from './engine-backup-model.ts'
import { backupTests, closingTests, logTests, openingTests, readOnlyTests } from './engine-files.ts'
import {
  errorTests,
  statementCacheTests,
  statementTests,
  transactionTests,
  valueTests,
} from './engine-statements.ts'
import { engineSuite } from './engine-suite.ts'
import { fullTextTests } from './engine-text.ts'

/**
 * What every engine behind the seam must do. Each implementation runs this suite.
 *
 * @param name - How the tests are headed.
 * @param load - Loads the engine; called once.
 */
export function engineConformance(name: string, load: () => Promise<Engine>): void {
  const suite = engineSuite(load)
  describe(name, () => {
    describe('values', () => valueTests(suite))
    describe('statements', () => statementTests(suite))
    describe('statement cache', () => statementCacheTests(suite))
    describe('errors', () => errorTests(suite))
    describe('transactions', () => transactionTests(suite))
    describe('full text', () => fullTextTests(suite))
    describe('opening', () => openingTests(suite))
    describe('reading only', () => readOnlyTests(suite))
    describe('the log', () => logTests(suite))
    describe('backup', () => {
      backupTests(suite)
      backupModelTests(suite)
    })
    describe('closing', () => closingTests(suite))
  })
}
