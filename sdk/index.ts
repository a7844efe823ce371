/** The SDK: everything a program needs to read, write and watch the records of a store. */

export { z } from 'zod'
export type { BulkOptions, BulkProgress, BulkResult } from './client/bulk.ts'
export type { CallOptions } from './client/caller.ts'
export type { BasedOn, Changes, Operator, Update } from './client/changes.ts'
export { Client } from './client/client.ts'
export { type ConnectOptions, connect } from './client/connect.ts'
export type { NewRecord } from './client/create-many.ts'
export { EventStream, type Subscription } from './client/event-stream.ts'
export type { Expanded, ReferenceName, WithExpanded } from './client/expansion.ts'
export type { InProcessDaemon, InProcessFactory } from './client/in-process.ts'
export type { LiveChange } from './client/live-change.ts'
export { LiveQuery } from './client/live-query.ts'
export type {
  CountOptions,
  FoundPage,
  GetOptions,
  ListExplanation,
  ListOptions,
  LiveQueryOptions,
  Page,
  PageOptions,
  RecordCount,
  RecordWaitOptions,
  SearchOptions,
  TypedHit,
  WaitOptions,
  WideSearchOptions,
} from './client/queries.ts'
export type { ChangeFunction } from './client/record-update.ts'
export type { ReferrerOptions, ReferrerPage } from './client/referrers.ts'
export {
  type CreateOptions,
  type MoveOptions,
  Repository,
  type RevertOptions,
  type UpdateOptions,
} from './client/repository.ts'
export type {
  Gap,
  HandlerOptions,
  PatternSubscriptionOptions,
  RecordSubscriptionOptions,
  SubscriptionOptions,
} from './client/subscription-options.ts'
export { Transaction, type TransactResult } from './client/transaction.ts'
export type {
  MigratedType,
  MigrateOptions,
  MigrationResult,
  TypeCheck,
} from './client/type-migrator.ts'
export {
  ApprovalRequiredError,
  CancelledError,
  ConflictError,
  DisconnectedError,
  DrainingError,
  ForbiddenError,
  GoneError,
  IdempotencyMismatchError,
  InvalidParamsError,
  InvalidRecordError,
  InvalidRequestError,
  MigrationRequiredError,
  NotFoundError,
  OutcomeUnknownError,
  OverloadedError,
  ProtocolUnsupportedError,
  TimeoutError,
  TokenInvalidError,
  TooLargeError,
  UnauthenticatedError,
  UniqueViolationError,
  UnknownTypeError,
} from './client/typed-errors.ts'
export type { Condition, FieldName, Order, Where } from './client/where.ts'
export { UnrecognizedError } from './client/wire-error.ts'
export type { WriteOptions, Written } from './client/write-options.ts'
export {
  type CommonErrorData,
  type ConflictData,
  type ErrorDataByKind,
  type ErrorKind,
  type Issue,
  isOrionError,
  isRetryable,
  OrionError,
} from './errors.ts'
export {
  boolean,
  enumeration,
  type Field,
  type FieldDefinition,
  type FieldDefinitions,
  type Fields,
  instant,
  integer,
  json,
  list,
  number,
  object,
  reference,
  text,
} from './field.ts'
export { type Instant, instantFromMicros, parseInstant } from './instant.ts'
export { canonicalJson, isJsonObject, type Json, type JsonObject, jsonEqual } from './json.ts'
export { LaunchError, type LaunchErrorKind } from './launch/launch-error.ts'
export { locateStore, type StoreLocation } from './launch/store-location.ts'
export {
  addField,
  changeField,
  defineMigration,
  type MigrationDeclaration,
  removeField,
  removeIndex,
  removeType,
  renameField,
} from './migration.ts'
export type {
  Conversion,
  Migration,
  MigrationMark,
  MigrationStep,
  UnfitRule,
  ValueSource,
} from './migration-step.ts'
export type {
  Actor,
  Blame,
  Claims,
  Event,
  Expansion,
  FieldChange,
  FieldOrigin,
  Lifecycle,
  Operation,
  Position,
  Record,
  RecordVersion,
  Seq,
  Token,
  Version,
  WriteResult,
} from './model.ts'
export { idMaxBytes, parseToken } from './model.ts'
export { type Action, type ActionContext, defineAction } from './plugin/action.ts'
export { definePlugin, isPlugin, type Plugin } from './plugin/define-plugin.ts'
export {
  afterCommit,
  beforeWrite,
  type Hook,
  type HookDecision,
  type HookDeclaration,
  type ProposedWrite,
  type Reaction,
  type ReactionDeclaration,
  type RecordReactionDeclaration,
} from './plugin/hook.ts'
export type {
  HookContext,
  PluginContext,
  PluginLog,
  PluginSurroundings,
  ReactionContext,
} from './plugin/plugin-context.ts'
export type { PluginDeclaration, PluginScopes } from './plugin/plugin-declaration.ts'
export {
  ApplySimulation,
  DescribeAction,
  ExecuteAction,
  ListActions,
  RunSimulation,
} from './protocol/actions.ts'
export { BackupStore, DaemonStatus, ShutdownDaemon } from './protocol/daemon.ts'
export type { NotificationDefinition, RequestDefinition } from './protocol/define.ts'
export { errorCodes } from './protocol/error-codes.ts'
export { ListEvents, PublishEvent } from './protocol/events.ts'
export { Discover } from './protocol/handshake.ts'
export {
  ApproveProposal,
  CancelProposal,
  CreateProposal,
  DiffProposal,
  ExecuteProposal,
  RejectProposal,
  SubmitProposal,
} from './protocol/proposals.ts'
export {
  ArchiveRecord,
  CountRecords,
  CreateRecord,
  DeleteRecord,
  GetManyRecords,
  GetRecord,
  ImportRecords,
  ListRecords,
  PurgeRecord,
  RecordHistory,
  RestoreRecord,
  Transact,
  UpdateRecord,
} from './protocol/records.ts'
export { DefineType, GetType, ListTypes, MigrateType, TypeHistory } from './protocol/types.ts'
export {
  defineRecordType,
  type RecordChanges,
  type RecordData,
  type RecordInput,
  type RecordType,
  type RecordTypeDefinition,
  removedRecordType,
} from './record-type.ts'
export { memoryPair } from './transport/memory.ts'
export { connectSocket } from './transport/socket.ts'
export type { Transport } from './transport/transport.ts'
export { uuidV7 } from './uuid-v7.ts'
export { VERSION } from './version.ts'
