import type { TransactOperation } from '../protocol/records.ts'
import type { RecordInput, RecordType } from '../record-type.ts'
import { toJsonObject } from './typed-record.ts'

/** One of many records to create. */
export interface NewRecord<T extends RecordType> {
  /** Any text of 1 to 255 bytes; by default the store makes one that sorts by time. */
  readonly id?: string
  readonly data: RecordInput<T>
}

/** Records to create, as the operations of transactions, one at a time. */
export async function* creations<T extends RecordType>(
  { name }: T,
  records: Iterable<NewRecord<T>> | AsyncIterable<NewRecord<T>>,
): AsyncGenerator<TransactOperation, void, undefined> {
  for await (const { id, data } of records) {
    yield { op: 'create', type: name, id, data: toJsonObject(data) }
  }
}
