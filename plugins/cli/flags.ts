/** What the flags of each command give it. */
import type { Scope } from '../../sdk/protocol/schemas.ts'
import type { GlobalFlags } from './context.ts'

/** What every write takes. */
export type WriteFlags = {
  readonly reason?: string
  readonly idempotencyKey?: string
  readonly dryRun: boolean
}

/** The flags of `orion get`. */
export type GetFlags = GlobalFlags & {
  readonly version?: number
  readonly expand?: readonly string[]
}

/** The flags of `orion list`. */
export type ListFlags = GlobalFlags & {
  readonly where?: string
  readonly order?: readonly { readonly field: string; readonly direction: 'asc' | 'desc' }[]
  readonly limit?: number
  readonly after?: string
  readonly lifecycle?: readonly ('active' | 'archived' | 'deleted')[]
  readonly fields?: readonly string[]
  readonly expand?: readonly string[]
}

/** The flags of `orion explain`. */
export type ExplainFlags = Omit<ListFlags, 'fields' | 'expand'> & { readonly verbose: boolean }

/** The flags of `orion search`. */
export type SearchFlags = GlobalFlags & {
  readonly type?: readonly string[]
  readonly where?: string
  readonly limit?: number
  readonly after?: string
  readonly lifecycle?: readonly ('active' | 'archived' | 'deleted')[]
}

/** The flags of `orion count`. */
export type CountFlags = GlobalFlags & {
  readonly where?: string
  readonly groupBy?: string
  readonly lifecycle?: readonly ('active' | 'archived' | 'deleted')[]
}

/** The flags of `orion referrers`. */
export type ReferrersFlags = GlobalFlags & {
  readonly from?: string
  readonly field?: string
  readonly limit?: number
  readonly after?: string
  readonly lifecycle?: readonly ('active' | 'archived' | 'deleted')[]
}

/** The flags of `orion history`. */
export type HistoryFlags = GlobalFlags & { readonly limit?: number; readonly after?: string }

/** The flags of `orion types`. */
export type ListTypesFlags = GlobalFlags & {
  readonly check: boolean
  readonly module?: string
}

/** The flags of `orion types migrate`. */
export type MigrateTypesFlags = GlobalFlags & {
  readonly module?: string
  readonly types?: readonly string[]
  readonly dryRun: boolean
  readonly down: boolean
  readonly to?: number
  readonly backup: boolean
}

/** The flags of `orion types generate`. */
export type GenerateTypesFlags = GlobalFlags & {
  readonly out?: string
  readonly types?: readonly string[]
}

/** The flags of `orion revert`. */
export type RevertFlags = GlobalFlags & WriteFlags & { readonly expectedVersion?: number }

/** The flags of `orion create`. */
export type CreateFlags = GlobalFlags & WriteFlags & { readonly data: string; readonly id?: string }

/** The flags of `orion update`. */
export type UpdateFlags = GlobalFlags &
  WriteFlags & {
    readonly set?: string
    readonly unset?: readonly string[]
    readonly apply?: string
    readonly expectedVersion?: number
    readonly force: boolean
  }

/** The flags of `orion delete`, `archive` and `restore`. */
export type MoveFlags = GlobalFlags & WriteFlags & { readonly expectedVersion?: number }

/** The flags of `orion purge`. */
export type PurgeFlags = MoveFlags & { readonly yes: boolean; readonly force: boolean }

/** The flags of `orion transact`. */
export type TransactFlags = GlobalFlags & WriteFlags

/** The flags of `orion import`. */
export type ImportFlags = GlobalFlags & { readonly reason?: string; readonly dryRun: boolean }

/** The flags of `orion serve`. */
export type ServeFlags = GlobalFlags & {
  readonly stdio: boolean
  readonly foreground: boolean
  readonly websocket?: string
  readonly idleExitMs?: number
  readonly takeOver: boolean
  readonly force: boolean
}

/** The flags of `orion handover`. */
export type HandoverFlags = GlobalFlags & { readonly force: boolean }

/** The flags of `orion watch`. */
export type WatchFlags = GlobalFlags & { readonly from?: string; readonly where?: string }

/** The flags of `orion events`. */
export type EventsFlags = GlobalFlags & {
  readonly after?: string
  readonly limit?: number
  readonly wait?: number
}

/** The flags of `orion news`. */
export type NewsFlags = GlobalFlags & {
  readonly as: string
  readonly but?: string
  readonly hook: boolean
}

/** The flags of `orion publish`. */
export type PublishFlags = GlobalFlags & {
  readonly payload?: string
  readonly reason?: string
  readonly idempotencyKey?: string
}

/** The flags of `orion wait`. */
export type WaitFlags = GlobalFlags & {
  readonly where?: string
  readonly after?: string
  readonly timeout: number
}

/** The flags of `orion run`. */
export type RunFlags = GlobalFlags & {
  readonly job?: string
  readonly artifact?: readonly string[]
}

/** The flags of every `orion token` command. */
export type TokenFlags = GlobalFlags & { readonly inProcess: boolean }

/** The flags of `orion token create`. */
export type CreateTokenFlags = TokenFlags & {
  readonly name: string
  readonly scope: readonly Scope[]
  readonly types?: string
  readonly expires?: number
}

/** The flags of `orion backup restore`. */
export type RestoreBackupFlags = GlobalFlags & { readonly force: boolean }

/** The flags of `orion doctor`. */
export type DoctorFlags = GlobalFlags & {
  readonly repair: boolean
  readonly yes: boolean
  readonly moved: boolean
  readonly copied: boolean
  readonly force: boolean
}

/** The flags of `orion migrate legacy`. */
export type MigrateFlags = GlobalFlags & {
  readonly from?: string
  readonly legacyDb?: string
  readonly dryRun: boolean
  readonly verify: boolean
  readonly cleanup: boolean
  readonly batchSize?: number
  readonly zone?: string
  readonly types?: string
  readonly report?: string
}

/** The flags of `orion migrate quarantine list`. */
export type ListQuarantineFlags = GlobalFlags & {
  readonly limit: number
  readonly reason?: string
  readonly after?: string
}

/** The flags of `orion migrate quarantine retry`. */
export type RetryQuarantineFlags = GlobalFlags & { readonly all: boolean; readonly zone?: string }

/** The flags of `orion action run`. */
export type RunActionFlags = GlobalFlags &
  WriteFlags & { readonly params?: string; readonly yes: boolean }

/** The flags of `orion proposal create`. */
export type CreateProposalFlags = GlobalFlags & {
  readonly reason?: string
  readonly expires?: number
  readonly priority?: 'low' | 'medium' | 'high' | 'critical'
  readonly submit: boolean
}

/** The flags of `orion proposal list`. */
export type ProposalListFlags = GlobalFlags & { readonly status?: string; readonly limit?: number }

/** The flags of `orion proposal reject` and `cancel`. */
export type ProposalFlags = GlobalFlags & { readonly comment?: string }

/** The flags of `orion proposal approve`. */
export type ApproveFlags = ProposalFlags & { readonly digest?: string; readonly keyFile?: string }

/** The flags of `orion approver init`. */
export type ApproverFlags = GlobalFlags & {
  readonly keyFile?: string
  readonly currentKeyFile?: string
  readonly inProcess: boolean
}

/** The flags of `orion plugin create`. */
export type CreatePluginFlags = GlobalFlags & { readonly directory?: string }

/** The flags of `orion plugin dev`. */
export type DevelopPluginFlags = GlobalFlags & {
  readonly throwaway: boolean
  readonly yes: boolean
  readonly set?: readonly string[]
}

/** The flags of `orion plugin add`. */
export type AddPluginFlags = GlobalFlags & {
  readonly set?: readonly string[]
  readonly digest?: string
  readonly keyFile?: string
}

/** The flags of `orion plugin logs`. */
export type PluginLogFlags = GlobalFlags & { readonly bytes?: number }

/** The flags of `orion plugin disable`. */
export type DisablePluginFlags = GlobalFlags & { readonly reason?: string }
