/** Every request and its handler, one line each. Start reading here. */
import * as action from '../../sdk/protocol/actions.ts'
import * as daemon from '../../sdk/protocol/daemon.ts'
import * as event from '../../sdk/protocol/events.ts'
import * as explanation from '../../sdk/protocol/explain.ts'
import * as handshake from '../../sdk/protocol/handshake.ts'
import * as pluginMessage from '../../sdk/protocol/plugin-messages.ts'
import * as plugin from '../../sdk/protocol/plugins.ts'
import * as proposal from '../../sdk/protocol/proposals.ts'
import * as record from '../../sdk/protocol/records.ts'
import * as reference from '../../sdk/protocol/references.ts'
import * as searching from '../../sdk/protocol/search.ts'
import * as subscription from '../../sdk/protocol/subscriptions.ts'
import * as token from '../../sdk/protocol/tokens.ts'
import * as type from '../../sdk/protocol/types.ts'
import * as upkeep from '../../sdk/protocol/upkeep.ts'
import { actions } from './handlers/actions.ts'
import * as connections from './handlers/connection.ts'
import * as daemons from './handlers/daemon.ts'
import * as events from './handlers/events.ts'
import { plugins } from './handlers/plugins.ts'
import { proposals } from './handlers/proposals.ts'
import * as types from './handlers/record-types.ts'
import { recordReads, recordWrites } from './handlers/records.ts'
import * as subscriptions from './handlers/subscriptions.ts'
import * as tokens from './handlers/tokens.ts'
import * as upkeeps from './handlers/upkeep.ts'
import { type Route, route } from './route.ts'

/** The table that dispatch serves by. */
export const routes: readonly Route[] = [
  route(handshake.Initialize, connections.initialize),
  route(handshake.Shutdown, connections.shutdown),
  route(handshake.Discover, connections.discover),
  route(handshake.ExecuteCommand, connections.executeCommand),
  route(record.GetRecord, recordReads.get),
  route(record.GetManyRecords, recordReads.getMany),
  route(record.ListRecords, recordReads.list),
  route(record.CountRecords, recordReads.count),
  route(searching.SearchRecords, recordReads.search),
  route(explanation.ExplainRecords, recordReads.explain),
  route(record.RecordHistory, recordReads.history),
  route(record.BlameRecord, recordReads.blame),
  route(reference.RecordReferrers, recordReads.referrers),
  route(record.CreateRecord, recordWrites.create),
  route(record.UpdateRecord, recordWrites.update),
  route(record.DeleteRecord, recordWrites.delete),
  route(record.RestoreRecord, recordWrites.restore),
  route(record.ArchiveRecord, recordWrites.archive),
  route(record.PurgeRecord, recordWrites.purge),
  route(record.Transact, recordWrites.transact),
  route(record.ImportRecords, recordWrites.import),
  route(action.ListActions, actions.list),
  route(action.DescribeAction, actions.describe),
  route(action.ExecuteAction, actions.execute),
  route(action.RunSimulation, actions.simulate),
  route(action.ApplySimulation, actions.apply),
  route(proposal.CreateProposal, proposals.create),
  route(proposal.SubmitProposal, proposals.submit),
  route(proposal.ApproveProposal, proposals.approve),
  route(proposal.RejectProposal, proposals.reject),
  route(proposal.CancelProposal, proposals.cancel),
  route(proposal.ExecuteProposal, proposals.execute),
  route(proposal.DiffProposal, proposals.diff),
  route(proposal.InitApprover, proposals.initApprover),
  route(plugin.ListPlugins, plugins.list),
  route(plugin.InspectPlugin, plugins.inspect),
  route(plugin.DescribePlugin, plugins.describe),
  route(plugin.AddPlugin, plugins.add),
  route(plugin.EnablePlugin, plugins.enable),
  route(plugin.DisablePlugin, plugins.disable),
  route(plugin.RemovePlugin, plugins.remove),
  route(plugin.PluginLogs, plugins.logs),
  route(pluginMessage.RegisterPlugin, plugins.register),
  route(pluginMessage.PluginReady, plugins.ready),
  route(pluginMessage.ReadForAction, plugins.read),
  route(type.ListTypes, types.list),
  route(type.GetType, types.get),
  route(type.DefineType, types.define),
  route(type.MigrateType, types.migrate),
  route(type.TypeHistory, types.history),
  route(subscription.OpenSubscription, subscriptions.open),
  route(subscription.CloseSubscription, subscriptions.close),
  route(subscription.AcknowledgeSubscription, subscriptions.acknowledge),
  route(subscription.FlushSubscription, subscriptions.flush),
  route(event.PublishEvent, events.publish),
  route(event.ListEvents, events.list),
  route(token.CreateToken, tokens.create),
  route(token.ListTokens, tokens.list),
  route(token.RevokeToken, tokens.revoke),
  route(daemon.DaemonStatus, daemons.status),
  route(daemon.BackupStore, daemons.backup),
  route(upkeep.ListBackups, upkeeps.backups),
  route(upkeep.RestoreStore, upkeeps.restore),
  route(upkeep.CheckStore, upkeeps.check),
  route(upkeep.SettleStore, upkeeps.settle),
  route(daemon.CompactStore, daemons.compact),
  route(daemon.ShutdownDaemon, daemons.shutdown),
  route(daemon.HandOverDaemon, daemons.handOver),
]
