/** What the parameters of commands propose for the word under the cursor; the knowledge comes with the context. */
/** What is known while a word is completed. Everything is empty where nothing is known. */
export interface Completing {
  types(): Promise<readonly string[]>
  /** Ids of the type that the command line names, or of this one. */
  ids(partial: string, type?: string): Promise<readonly string[]>
  /** Names of fields; of those that are references, or may be absent, alone. */
  fields(which?: 'references' | 'optional'): Promise<readonly string[]>
  /** Beginnings of JSON texts that go on behind what is there. */
  json(partial: string, use: JsonUse): Promise<readonly string[]>
  /** Patterns over the topics of the types. */
  topics(): Promise<readonly string[]>
  /** Names of the plugins of the store. */
  plugins(): Promise<readonly string[]>
}

/** What a JSON text is: a filter, the data of a record, or changes of it. */
export type JsonUse = 'filter' | 'data' | 'changes'

export interface Context {
  readonly completing?: Completing
}
type Propose = (this: Context, partial: string) => Promise<readonly string[]>

/** Names of record types. */
export const proposeTypes: Propose = async function () {
  return (await this.completing?.types()) ?? []
}

/** Ids of records. */
export const proposeIds: Propose = async function (partial) {
  return (await this.completing?.ids(partial)) ?? []
}

/** Ids of proposals. */
export const proposeProposals: Propose = async function (partial) {
  return (await this.completing?.ids(partial, 'Proposal')) ?? []
}

/** Names of fields. */
export const proposeFields: Propose = async function () {
  return (await this.completing?.fields()) ?? []
}

/** Names of fields that hold references. */
export const proposeReferences: Propose = async function () {
  return (await this.completing?.fields('references')) ?? []
}

/** Names of fields that may be absent. */
export const proposeOptional: Propose = async function () {
  return (await this.completing?.fields('optional')) ?? []
}

/** Fields to order by, in both directions. */
export const proposeOrder: Propose = async function () {
  const fields = [...((await this.completing?.fields()) ?? []), 'createdAt', 'updatedAt', 'id']
  return fields.flatMap((field) => [field, `${field}:asc`, `${field}:desc`])
}

/** Filters. */
export const proposeFilter: Propose = async function (partial) {
  return (await this.completing?.json(partial, 'filter')) ?? []
}

/** The data of a record. */
export const proposeData: Propose = async function (partial) {
  return (await this.completing?.json(partial, 'data')) ?? []
}

/** Changes of a record. */
export const proposeChanges: Propose = async function (partial) {
  return (await this.completing?.json(partial, 'changes')) ?? []
}

/** Patterns over topics. */
export const proposeTopics: Propose = async function () {
  return (await this.completing?.topics()) ?? []
}

/** Names of plugins. */
export const proposePlugins: Propose = async function () {
  return (await this.completing?.plugins()) ?? []
}
