/** What must compile of references and what they name, and what must not. Nothing here runs. */
import {
  type Client,
  defineRecordType,
  list,
  number,
  object,
  type Record,
  reference,
  text,
} from '../../sdk/index.ts'

const Person = defineRecordType('Person', { fields: { name: text(), age: number() } })
const Task = defineRecordType('Task', {
  fields: {
    title: text(),
    owner: reference(Person, { optional: true }),
    watchers: list(reference(Person), { default: [] }),
    after: list(reference('self', { weak: true }), { default: [] }),
    later: reference('Elsewhere', { optional: true }),
    sources: list(object({ about: reference('*') }), { default: [] }),
  },
})

declare const client: Client
const tasks = client.repository(Task)

export async function follow(): Promise<void> {
  const { expanded, data } = await tasks.get('a', { expand: ['owner', 'watchers', 'after'] })
  const name: string | undefined = expanded.owner?.data.name
  const ages: number[] = expanded.watchers.map((person) => person.data.age)
  const titles: string[] = expanded.after.map((task) => task.data.title)
  const id: string | undefined = data.owner
  // @ts-expect-error it was not asked for
  expanded.later
  // @ts-expect-error the record may not be there
  expanded.owner.data
  // @ts-expect-error a person has no title
  expanded.watchers[0]?.data.title
  const { expanded: other } = await tasks.get('a', { expand: ['later', 'sources.about'] })
  const later: Record | undefined = other.later
  const sources: readonly Record[] = other['sources.about']
  // @ts-expect-error no reference
  await tasks.get('a', { expand: ['title'] })
  const plain = await tasks.get('a')
  // @ts-expect-error nothing was asked for
  plain.expanded
  const page = await tasks.list({ fields: ['title', 'owner'], expand: ['owner'] })
  const first: string | undefined = page.records[0]?.expanded.owner?.data.name
  void [name, ages, titles, id, later, sources, first]
}

export async function lookUp(): Promise<void> {
  for await (const { record } of client.repository(Person).referrers('a', { from: Task })) {
    const title: string = record.data.title
    void title
  }
  for await (const { record } of client.repository(Person).referrers('a')) {
    // @ts-expect-error of any type: nothing is known of its fields
    const title: string = record.data.title
    void title
  }
  // @ts-expect-error no reference of a task
  client.repository(Person).referrers('a', { from: Task, field: 'title' })
}

// @ts-expect-error a reference holds the id of a record
void tasks.create({ title: 'a', owner: 1 })
