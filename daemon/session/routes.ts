/** Every request and its handler, one line each. Start reading here. */
import * as daemon from '../../sdk/protocol/daemon.ts'
import * as event from '../../sdk/protocol/events.ts'
import * as handshake from '../../sdk/protocol/handshake.ts'
import * as record from '../../sdk/protocol/records.ts'
import * as subscription from '../../sdk/protocol/subscriptions.ts'
import * as type from '../../sdk/protocol/types.ts'
import * as connections from './handlers/connection.ts'
import * as daemons from './handlers/daemon.ts'
import * as events from './handlers/events.ts'
import * as records from './handlers/records.ts'
import * as subscriptions from './handlers/subscriptions.ts'
import * as types from './handlers/types.ts'
import { type Route, route } from './route.ts'

/** The table that dispatch serves by. */
export const routes: readonly Route[] = [
  route(handshake.Initialize, connections.initialize),
  route(handshake.Shutdown, connections.shutdown),
  route(handshake.Discover, connections.discover),
  route(handshake.ExecuteCommand, connections.executeCommand),
  route(record.GetRecord, records.get),
  route(record.GetManyRecords, records.getMany),
  route(record.ListRecords, records.list),
  route(record.CountRecords, records.count),
  route(record.RecordHistory, records.history),
  route(record.CreateRecord, records.create),
  route(record.UpdateRecord, records.update),
  route(record.DeleteRecord, records.remove),
  route(record.RestoreRecord, records.restore),
  route(record.ArchiveRecord, records.archive),
  route(record.PurgeRecord, records.purge),
  route(record.Transact, records.transact),
  route(record.ImportRecords, records.importAll),
  route(type.ListTypes, types.list),
  route(type.GetType, types.get),
  route(type.DefineType, types.define),
  route(subscription.OpenSubscription, subscriptions.open),
  route(subscription.CloseSubscription, subscriptions.close),
  route(event.PublishEvent, events.publish),
  route(event.ListEvents, events.list),
  route(daemon.DaemonStatus, daemons.status),
  route(daemon.BackupStore, daemons.backup),
  route(daemon.ShutdownDaemon, daemons.shutdown),
]
