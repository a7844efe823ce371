/** Every message of the interface, for the route table, the OpenRPC document and PROTOCOL.md. */
import * as actions from './actions.ts'
import * as daemon from './daemon.ts'
import type { NotificationDefinition, RequestDefinition } from './define.ts'
import * as events from './events.ts'
import * as explain from './explain.ts'
import * as handshake from './handshake.ts'
import * as pluginMessages from './plugin-messages.ts'
import * as plugins from './plugins.ts'
import * as proposals from './proposals.ts'
import * as records from './records.ts'
import * as references from './references.ts'
import * as searching from './search.ts'
import * as subscriptions from './subscriptions.ts'
import * as tokens from './tokens.ts'
import * as types from './types.ts'
import * as upkeep from './upkeep.ts'

/** Every request a client may send. */
export const requests: readonly RequestDefinition[] = [
  handshake.Initialize,
  handshake.Shutdown,
  handshake.Discover,
  handshake.ExecuteCommand,
  records.GetRecord,
  records.GetManyRecords,
  records.ListRecords,
  records.CountRecords,
  explain.ExplainRecords,
  searching.SearchRecords,
  records.RecordHistory,
  records.BlameRecord,
  references.RecordReferrers,
  records.CreateRecord,
  records.UpdateRecord,
  records.DeleteRecord,
  records.RestoreRecord,
  records.ArchiveRecord,
  records.PurgeRecord,
  records.Transact,
  records.ImportRecords,
  actions.ListActions,
  actions.DescribeAction,
  actions.ExecuteAction,
  actions.RunSimulation,
  actions.ApplySimulation,
  proposals.CreateProposal,
  proposals.SubmitProposal,
  proposals.ApproveProposal,
  proposals.RejectProposal,
  proposals.CancelProposal,
  proposals.ExecuteProposal,
  proposals.DiffProposal,
  proposals.InitApprover,
  plugins.ListPlugins,
  plugins.InspectPlugin,
  plugins.DescribePlugin,
  plugins.AddPlugin,
  plugins.EnablePlugin,
  plugins.DisablePlugin,
  plugins.RemovePlugin,
  plugins.PluginLogs,
  ...pluginMessages.pluginToDaemon,
  types.ListTypes,
  types.GetType,
  types.DefineType,
  types.MigrateType,
  types.TypeHistory,
  subscriptions.OpenSubscription,
  subscriptions.CloseSubscription,
  subscriptions.AcknowledgeSubscription,
  subscriptions.FlushSubscription,
  events.PublishEvent,
  events.ListEvents,
  tokens.CreateToken,
  tokens.ListTokens,
  tokens.RevokeToken,
  daemon.DaemonStatus,
  daemon.BackupStore,
  upkeep.ListBackups,
  upkeep.RestoreStore,
  upkeep.CheckStore,
  upkeep.SettleStore,
  daemon.CompactStore,
  daemon.ShutdownDaemon,
  daemon.HandOverDaemon,
]

/** Every notification, in either direction. */
export const notifications: readonly NotificationDefinition[] = [
  handshake.Initialized,
  handshake.Exit,
  handshake.SetTrace,
  handshake.LogTrace,
  handshake.Progress,
  subscriptions.SubscriptionEvents,
  subscriptions.SubscriptionSnapshot,
  subscriptions.SubscriptionSynced,
  subscriptions.SubscriptionBookmark,
  subscriptions.SubscriptionGap,
  subscriptions.SubscriptionClosed,
]
