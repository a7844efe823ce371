/** The plugin that brings the earlier system's data over, as this one sees it: it is handed in, as the daemon is. */
import type { Client } from '../../sdk/client/client.ts'
import type { Colours } from './colours.ts'

/** What is to be done with a file. */
export interface MigrationRequest {
  readonly from: string
  readonly storePath: string
  /** Undefined for a dry run where there is no store yet. */
  readonly connect: (() => Promise<Client>) | undefined
  readonly mode: 'migrate' | 'dry-run' | 'verify' | 'clean-up'
  readonly batchSize?: number | undefined
  readonly zone?: string | undefined
  readonly types?: readonly string[] | undefined
  readonly reportFile?: string | undefined
  readonly onProgress?: (step: 'migrate' | 'verify', rows: number, total: number) => void
}

/** What came of it. */
export interface MigrationAnswer {
  readonly report: object
  readonly succeeded: boolean
  text(colours: Colours): string
}

/** A row that is kept aside. */
export interface QuarantinedRow {
  readonly id: string
  readonly legacyType: string | undefined
  readonly reason: string
  readonly text: string
  readonly detail: string
  readonly source: string
}

/** The plugin. */
export interface LegacyAccess {
  migrate(request: MigrationRequest): Promise<MigrationAnswer>
  listQuarantine(
    client: Client,
    options: { readonly limit: number; readonly reason?: string; readonly after?: string },
  ): Promise<{
    readonly rows: readonly QuarantinedRow[]
    readonly next?: string
    readonly total: number
  }>
  showQuarantined(
    client: Client,
    id: string,
  ): Promise<QuarantinedRow & { readonly cells: { readonly [column: string]: unknown } }>
  retryQuarantined(
    client: Client,
    options: { readonly ids: readonly string[]; readonly zone: string | undefined },
  ): Promise<{
    readonly read: number
    readonly piles: {
      readonly migrated: number
      readonly repaired: number
      readonly carried: number
      readonly quarantined: number
      readonly unchanged: number
    }
  }>
}
