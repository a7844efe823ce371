/** Reading and writing records. */
import { z } from 'zod'
import { defineRequest, type Need } from './define.ts'
import * as shape from './schemas.ts'

/** Most records in one page, and most keys in one `getMany`. */
export const pageMax = 1000
/** Most operations in one transaction, and most records in one import. */
export const operationsMax = 1000
/** Most references that one read follows, counted by field. */
export const expandMax = 16

const key = { type: shape.typeName, id: shape.recordId }
const lifecycles = z.array(shape.lifecycle).min(1).max(3)

const reads = ({ type }: Named): readonly Need[] => [{ scope: 'read', type }]
/** A write that asks for the record back reads it. */
const changes =
  (scope: shape.Scope) =>
  ({ type, return: shown }: Named & Pick<shape.WriteOptions, 'return'>): readonly Need[] =>
    shown === undefined ? [{ scope, type }] : [{ scope, type }, ...reads({ type })]
interface Named {
  readonly type: string
}
/** References to follow in the same answer. */
const expand = z.array(shape.fieldName).max(expandMax).optional()

export const GetRecord = defineRequest('record/get', {
  params: z.object({
    ...key,
    version: shape.expectedVersion.optional(),
    expand,
    atLeast: shape.token.optional(),
  }),
  result: shape.recordWithExpansion,
  scope: 'read',
  needs: reads,
  summary: 'One record, deleted ones included, or an old version of it.',
})

export const GetManyRecords = defineRequest('record/getMany', {
  params: z.object({ keys: z.array(z.object(key)).max(pageMax), atLeast: shape.token.optional() }),
  result: z.object({ records: z.array(shape.record.nullable()) }),
  scope: 'read',
  needs: ({ keys }) => keys.flatMap(reads),
  summary: 'Records in the order asked; null where there is none.',
})

export const order = z.object({
  field: shape.fieldName,
  direction: z.enum(['asc', 'desc']).optional(),
})
export const ListRecords = defineRequest('record/list', {
  params: z.object({
    type: shape.typeName,
    where: shape.jsonObject.optional(),
    orderBy: z.array(order).max(8).optional(),
    limit: z.int().min(1).max(pageMax).optional(),
    after: z.string().max(8192).optional(),
    lifecycle: lifecycles.optional(),
    fields: z.array(shape.fieldName).max(200).optional(),
    expand,
    atLeast: shape.token.optional(),
  }),
  result: z.object({
    records: z.array(shape.record),
    next: z.string().optional(),
    token: shape.token,
    ...shape.expansion,
  }),
  scope: 'read',
  needs: reads,
  summary: 'A page of records that fit a filter, in an order; it stays right while others write.',
})

export const CountRecords = defineRequest('record/count', {
  params: z.object({
    type: shape.typeName,
    where: shape.jsonObject.optional(),
    groupBy: shape.fieldName.optional(),
    lifecycle: lifecycles.optional(),
    atLeast: shape.token.optional(),
  }),
  result: z.object({
    count: z.int(),
    groups: z.array(z.object({ value: shape.json, count: z.int() })).optional(),
    token: shape.token,
  }),
  scope: 'read',
  needs: reads,
  summary: 'How many records fit a filter, in all and by the values of a field.',
})

export const RecordHistory = defineRequest('record/history', {
  params: z.object({
    ...key,
    limit: z.int().min(1).max(pageMax).optional(),
    after: z.string().max(8192).optional(),
  }),
  result: z.object({ versions: z.array(shape.recordVersion), next: z.string().optional() }),
  scope: 'read',
  needs: reads,
  summary: 'The versions of a record, newest first.',
})

export const BlameRecord = defineRequest('record/blame', {
  params: z.object({ ...key, atLeast: shape.token.optional() }),
  result: shape.blame,
  scope: 'read',
  needs: reads,
  summary:
    'Who gave each field of a record its present value: when, through which client, and why.',
})

const createParts = { type: shape.typeName, id: shape.recordId.optional(), data: shape.jsonObject }
export const applyOperator = z.object({
  field: shape.fieldName,
  op: z.enum(['increment', 'append', 'addToSet', 'remove']),
  value: shape.json,
})
/** An operator applies to the value that is current in log order, so it needs no version. */
export type ApplyOperator = z.infer<typeof applyOperator>
const updateParts = {
  ...key,
  expectedVersion: shape.expectedVersion.optional(),
  set: shape.jsonObject.optional(),
  unset: z.array(shape.fieldName).max(200).optional(),
  apply: z.array(applyOperator).max(200).optional(),
}
const moveParts = { ...key, expectedVersion: shape.expectedVersion.optional() }

export const CreateRecord = defineRequest('record/create', {
  params: z.object(createParts).extend(shape.writeOptions.shape),
  result: shape.writeResult,
  scope: 'write',
  needs: changes('write'),
  summary: 'Creates a record; an id that exists is a conflict.',
})

export const UpdateRecord = defineRequest('record/update', {
  params: z.object(updateParts).extend(shape.writeOptions.shape),
  result: shape.writeResult,
  scope: 'write',
  needs: changes('write'),
  summary: 'Changes fields of a record if its version still is the expected one.',
})

const moveParams = z.object(moveParts).extend(shape.writeOptions.shape)
export const DeleteRecord = defineRequest('record/delete', {
  params: moveParams,
  result: shape.writeResult,
  scope: 'write',
  needs: changes('write'),
  summary: 'Marks a record deleted; it can be restored.',
})
export const RestoreRecord = defineRequest('record/restore', {
  params: moveParams,
  result: shape.writeResult,
  scope: 'write',
  needs: changes('write'),
  summary: 'Makes a deleted or archived record active again.',
})
export const ArchiveRecord = defineRequest('record/archive', {
  params: moveParams,
  result: shape.writeResult,
  scope: 'write',
  needs: changes('write'),
  summary: 'Puts a record away; lists leave it out unless asked.',
})
export const PurgeRecord = defineRequest('record/purge', {
  params: moveParams,
  result: shape.writeResult,
  scope: 'admin',
  needs: changes('admin'),
  summary:
    'Removes a record for good and erases its values everywhere; a tombstone keeps the version.',
})

export const transactOperation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('create'), ...createParts }),
  z.object({ op: z.literal('update'), ...updateParts, force: z.boolean().optional() }),
  z.object({
    op: z.enum(['delete', 'restore', 'archive']),
    ...moveParts,
    force: z.boolean().optional(),
  }),
])
/** One operation of a transaction. */
export type TransactOperation = z.infer<typeof transactOperation>

export const guard = z.object({ ...key, version: shape.expectedVersion.nullable() })
/** A record that a transaction only read: its version then, or null when there was none. */
export type Guard = z.infer<typeof guard>

export const Transact = defineRequest('record/transact', {
  params: z
    .object({
      operations: z.array(transactOperation).min(1),
      guards: z.array(guard).max(operationsMax).optional(),
    })
    .extend(shape.writeOptions.shape),
  result: z.object({
    results: z.array(shape.writeResult),
    token: shape.token,
    firstSeq: shape.seq,
    lastSeq: shape.seq,
    replayed: z.literal(true).optional(),
  }),
  scope: 'write',
  needs: ({ operations, guards = [], return: shown }) => [
    ...operations.flatMap(({ type }) => changes('write')({ type, return: shown })),
    // A guard tells what the version of a record is.
    ...guards.flatMap(reads),
  ],
  summary:
    'Several operations, over several types, with guards: all or nothing, at one place in the log.',
})

/** A record from elsewhere: its versions, instants and creators are kept. */
export const importedRecord = z.object({
  ...key,
  version: shape.expectedVersion.optional(),
  createdAt: z.string().optional(),
  createdBy: z.string().min(1).max(255).optional(),
  updatedAt: z.string().optional(),
  updatedBy: z.string().min(1).max(255).optional(),
  lifecycle: shape.lifecycle.optional(),
  data: shape.jsonObject,
  /** What the record had elsewhere and its type has no field for; a type keeps it in a JSON field of this name. */
  extra: shape.jsonObject.optional(),
})
export type ImportedRecord = z.infer<typeof importedRecord>

export const ImportRecords = defineRequest('record/import', {
  params: z.object({ records: z.array(importedRecord).min(1) }).extend(shape.writeOptions.shape),
  result: z.object({
    results: z.array(shape.writeResult),
    token: shape.token,
    firstSeq: shape.seq,
    lastSeq: shape.seq,
    replayed: z.literal(true).optional(),
  }),
  scope: 'admin',
  needs: ({ records, return: shown }) =>
    records.flatMap(({ type }) => changes('admin')({ type, return: shown })),
  summary: 'Takes records over as they are; their history begins here.',
})
