/** The table of what became of the earlier system's methods: whole, and true. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as domain from '../../../plugins/orion/index.ts'
import * as sdk from '../../../sdk/index.ts'

const path = fileURLToPath(new URL('../../../plugins/orion/README.md', import.meta.url))
const rows = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => /^\| .* \| .* \| .* \|$/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
const [before, here] = [1, 2].map((column) => rows.map((cells) => cells[column] ?? '').join('\n'))

const { ActionLogs, Insights, JobResults, Patterns, Proposals } = domain
const classes = { ActionLogs, Insights, JobResults, Patterns, Proposals }
const known: { readonly [name: string]: { readonly prototype: object } } = {
  ...classes,
  Repository: sdk.Repository,
  Client: sdk.Client,
}

/** The methods of the earlier system's repositories. */
const earlier =
  'find_by_action_type find_by_trace_id find_by_job_id find_by_domain search find_most_used find_most_successful increment_usage find_pending find_by_status find_by_creator query count_by_status get_history get_with_history approve reject execute save find_by_id get_by_id exists find_all count find_by_ids soft_delete hard_delete delete save_many'

for (const name of earlier.split(' ')) {
  test(`the table says what became of ${name}`, () => {
    assert.ok(before?.includes(`\`${name}\``))
  })
}

test('each method that the table names is there', () => {
  const named = [...(here ?? '').matchAll(/`([A-Z]\w+)\.(\w+)`/g)]
  assert.ok(named.length > 20)
  for (const [text, name = '', method = ''] of named) {
    assert.ok(method in (known[name]?.prototype ?? {}), text)
  }
})

test('each method of the bundled classes is in the table', () => {
  for (const [name, { prototype }] of Object.entries(classes)) {
    for (const method of Object.getOwnPropertyNames(prototype)) {
      if (method !== 'constructor') assert.ok(here?.includes(`\`${name}.${method}\``), method)
    }
  }
})

test('the errors that the table names are one hierarchy', () => {
  const { OrionError, ConflictError, NotFoundError, InvalidRecordError, UniqueViolationError } = sdk
  for (const error of [ConflictError, NotFoundError, InvalidRecordError, UniqueViolationError]) {
    assert.ok(error.prototype instanceof OrionError)
    assert.ok(here?.includes(`\`${error.name}\``), error.name)
  }
})
