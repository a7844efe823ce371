import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { ObjectManager } from '../../plugins/legacy/object-manager.ts'
import { ActionLogs } from '../../plugins/orion/action-logs.ts'
import { Insights } from '../../plugins/orion/insights.ts'
import { JobResults } from '../../plugins/orion/job-results.ts'
import { Patterns } from '../../plugins/orion/patterns.ts'
import { Proposals } from '../../plugins/orion/proposals.ts'
import { Client } from '../../sdk/client/client.ts'
import { Repository } from '../../sdk/client/repository.ts'
import { requests } from '../../sdk/protocol/methods.ts'

const document = readFileSync(
  new URL('../../docs/migrating-from-orion-oda.md', import.meta.url),
  'utf8',
)
const tables = tablesOf(document.slice(document.indexOf('\n## The code')))

/** Every call of the earlier system, by the heading under which its table is. */
const calls: { readonly [heading: string]: string } = {
  ObjectManager: 'ObjectManager register_type get save delete subscribe unsubscribe notify',
  Objects: 'touch soft_delete archive is_active to_audit_log',
  GenericRepository:
    'save find_by_id get_by_id find_all find_by_status count count_by_status exists find_by_ids soft_delete hard_delete save_many publish_events ConcurrencyError OptimisticLockError EntityNotFoundError RepositoryError',
  'The four repositories':
    'find_by_action_type find_by_trace_id find_by_job_id find_by_domain search find_most_used find_most_successful increment_usage',
  Proposals:
    'save submit approve reject execute cancel InvalidTransitionError ProposalNotFoundError find_by_id find_pending find_by_status find_by_creator find_by_action_type query count_by_status get_history get_with_history delete save_many delete_expired',
  EventBus:
    'get_instance reset_instance subscribe unsubscribe_all publish publish_sync get_recent_events get_handler_count entity_type action actor_id OrionInsight.saved OrionInsight.deleted create_task.completed',
  HTTP: '/health /api/v1/proposals /api/v1/proposals/{id}/review /api/v1/proposals/execute',
  'The migration script': '--legacy-db --target-db --dry-run --verify --cleanup --batch-size -v',
}

test('every call of the earlier system has a row that says what it is here', () => {
  for (const [heading, names] of Object.entries(calls)) {
    const rows = tables.get(heading) ?? assert.fail(`there is no table under ${heading}`)
    for (const name of names.split(' ')) {
      const row = rows.find(({ was }) => spansOf(was).some((span) => wordsOf(span).includes(name)))
      assert.ok(row, `${heading}: ${name} has no row`)
      assert.ok(
        spansOf(row.is).length > 0 || /nothing|same|client|create/.test(row.is),
        `${name}: ${row.is}`,
      )
    }
  }
})

const classes = [
  Client,
  Repository,

  ObjectManager,
  ActionLogs,
  JobResults,
  Insights,
  Patterns,
  Proposals,
]
const functions = new Set(['connect', 'defineRecordType'])

test('what the calls of the earlier system have become is there under that name', () => {
  const members = new Set(classes.flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype)))
  const methods = new Set(requests.map(({ method }) => method))
  let seen = 0
  for (const { is } of [...tables.values()].flat()) {
    for (const span of spansOf(is)) {
      for (const [, made, name = ''] of span.matchAll(/(new )?\b([A-Za-z]+)\(/g)) {
        const known =
          made === undefined
            ? members.has(name) || functions.has(name)
            : classes.some((one) => one.name === name)
        assert.ok(known, `${span}: there is no ${name}`)
        seen += 1
      }
      const [, method, params] = /^([a-z]+\/[a-zA-Z]+)(?: (\{.*\}))?$/.exec(span) ?? []
      if (method === undefined) continue
      assert.ok(methods.has(method), `there is no request ${method}`)
      const request = requests.find((one) => one.method === method)
      if (params === undefined || params.includes('…')) continue
      const parsed = z
        .object({})
        .loose()
        .and(request?.params ?? z.never())
        .safeParse(JSON.parse(params))
      assert.ok(parsed.success, `${span}: ${parsed.error?.message}`)
      seen += 1
    }
  }
  assert.ok(seen > 40, `${seen} calls were looked at`)
})

interface Row {
  readonly was: string
  readonly is: string
}

/** The rows of each table, by the heading above it. */
function tablesOf(text: string): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  for (const part of text.split('\n### ').slice(1)) {
    const [heading = '', ...lines] = part.split('\n')
    const rows = lines.flatMap((line): Row[] => {
      const [, was, is] = /^\| (.*?) \| (.*) \|$/.exec(line) ?? []
      return was === undefined || is === undefined || was === 'was' ? [] : [{ was, is }]
    })
    found.set(heading, rows)
  }
  return found
}

function spansOf(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
}

function wordsOf(span: string): string[] {
  return [span, ...span.split(/[\s(),=.]+/), span.replace(/^\w+ /, '')]
}
