/**
 * Runs the migrations of a type.
 *
 * ```
 * plan ─> look at every record ─> backup ─> copy in slices ─> catch up ─┐
 *              │ some do not fit                ^ writers write         ├─> one transaction: tables, definition,
 *              └─> refused, nothing changed                             ┘   history, event
 * ```
 *
 * Until that last transaction everybody reads and writes the type as it is; after it, as it became. A crash leaves the
 * one or the other.
 */
import { counted } from '../../sdk/counted.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { Token } from '../../sdk/model.ts'
import { commitMigration } from './commit-migration.ts'
import { DataMigration } from './migrate-data.ts'
import type { MigrationJob, MigrationParts } from './migration-job.ts'
import { type MigrationPlan, planMigration } from './migration-plan.ts'
import { MigrationReview, type Reviewed } from './migration-review.ts'
import { assertKeepsOwnType } from './own-types.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import type { Caller, MigrationProgress, StoreApi } from './store-api.ts'
import { TableCopy } from './table-copy.ts'

type Params = Parameters<StoreApi['migrateType']>[0]
type Result = Awaited<ReturnType<StoreApi['migrateType']>>

/** Runs one migration at a time. */
export class TypeMigrations {
  readonly #parts: MigrationParts
  #isRunning = false
  #isClosed = false
  #ended: Promise<unknown> = Promise.resolve()

  constructor(parts: MigrationParts) {
    this.#parts = parts
  }

  /** The type that is being migrated; nobody else may change it meanwhile. */
  #type: string | undefined

  /** @throws OrionError `overloaded` while this type is being migrated. */
  assertIdle(type: string): void {
    if (this.#type?.toLowerCase() !== type.toLowerCase()) return
    throw new OrionError('overloaded', `${type} is being migrated`, { retryAfterMs: 1000 })
  }

  /** Migrates, or tells what would happen. */
  async run(
    params: Params,
    caller: Caller,
    onProgress: (progress: MigrationProgress) => void = () => {},
  ): Promise<Result> {
    if (this.#isRunning) {
      throw new OrionError('overloaded', 'another migration is under way', { retryAfterMs: 1000 })
    }
    this.#isRunning = true
    const running = this.#run(params, caller, onProgress)
    this.#ended = running.catch(() => {})
    try {
      return await running
    } finally {
      this.#isRunning = false
      this.#type = undefined
    }
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#ended
  }

  async #run(
    params: Params,
    caller: Caller,
    onProgress: (progress: MigrationProgress) => void,
  ): Promise<Result> {
    const { context, registry, backups } = this.#parts
    const entry = context.type(params.type)
    const plan = planMigration(entry.definition, params, (one) => registry.check(one))
    const { type } = params
    if (plan.direction === 'none') return outlineOf(type, entry, plan)
    this.#checkResult(type, plan)
    if (!params.dryRun) this.#type = type
    const goOn = (): void => this.#assertGoing(entry, caller)
    const reviewed = await this.#review(entry, plan, { goOn, onProgress })
    const told = { ...outlineOf(type, entry, plan), ...shownReview(reviewed, params.dryRun) }
    if (params.dryRun) return told
    if (reviewed.unfit > 0) throw refused(type, reviewed)
    const startedMs = performance.now()
    let backup: string | undefined
    if (params.backup !== false) {
      onProgress({ stage: 'backup', done: 0, total: reviewed.total })
      backup = (await backups.make(undefined, 'before-migration', caller.signal)).path
      goOn()
    }
    const job = { entry, plan, caller, backup, startedMs, total: reviewed.total }
    const { definition } = plan
    const next =
      definition === undefined ? undefined : registry.entryOf(definition, entry.schemaVersion + 1)
    const token =
      next === undefined
        ? await this.#remove(job)
        : await this.#replace({ ...job, next }, { goOn, onProgress })
    return {
      ...told,
      schemaVersion: entry.schemaVersion + 1,
      changed: true,
      token,
      ...(backup === undefined ? {} : { backup }),
    }
  }

  /** Orion's own types keep the shape that it needs, whoever migrates them. */
  #checkResult(type: string, plan: MigrationPlan): void {
    const { definition } = plan
    if (definition !== undefined) this.#parts.registry.check(definition)
    const bundled = this.#parts.bundled.find(({ name }) => name === type)
    if (bundled !== undefined) assertKeepsOwnType(bundled, plan)
  }

  #assertGoing(entry: RecordTypeEntry, caller: Caller): void {
    const { context } = this.#parts
    if (this.#isClosed) {
      throw new OrionError('draining', 'the store is closing; nothing was changed', {
        retryAfterMs: 200,
      })
    }
    if (caller.cancelled) {
      throw new OrionError('cancelled', 'the migration was cancelled; nothing was changed', {})
    }
    if (context.types.get(entry.definition.name) === entry) return
    const message = `${entry.definition.name} was changed while it was to be migrated`
    throw new OrionError('overloaded', message, { retryAfterMs: 100 })
  }

  async #review(
    entry: RecordTypeEntry,
    plan: MigrationPlan,
    { goOn, onProgress }: Going,
  ): Promise<Reviewed> {
    const { context } = this.#parts
    const review = new MigrationReview(context, entry, plan)
    const { total } = review
    while (!review.step(context.limits.turnMaxMs)) {
      onProgress({ stage: 'looking', done: review.seen, total })
      await new Promise(setImmediate)
      goOn()
    }
    return review.result()
  }

  async #replace(
    job: MigrationJob & { readonly next: RecordTypeEntry },
    { goOn, onProgress }: Going,
  ): Promise<Token> {
    const { context, queue, left } = this.#parts
    const { entry, plan, next, caller, total } = job
    const migration = new DataMigration(plan.steps, next.definition)
    const copy = new TableCopy(context, { from: entry, to: next }, migration)
    const hold = context.log.holdFloor(() => copy.position)
    left.keep(copy.table, entry.definition.name)
    try {
      await queue.submit({ undo: 'nothing', alone: true, run: () => copy.create() }, caller)
      const { turnMaxMs } = context.limits
      const step = async (run: () => boolean): Promise<boolean> => {
        const isDone = await queue.submit({ undo: 'nothing', run }, caller)
        if (copy.isDoomed) throw refused(entry.definition.name, lateMisfits(copy, total))
        goOn()
        return isDone
      }
      while (!(await step(() => copy.slice(turnMaxMs)))) {
        onProgress({ stage: 'copying', done: copy.copied, total })
      }
      onProgress({ stage: 'switching', done: total, total })
      while (!(await step(() => copy.catchUp(turnMaxMs)))) {}
      const token = await this.#switch(job, copy, goOn)
      left.release(copy.table)
      left.add(copy.left)
      return token
    } catch (error) {
      left.abandon(copy.table)
      throw error
    } finally {
      hold.dispose()
    }
  }

  /** Goes on catching up until little enough is left for the decisive transaction. */
  async #switch(
    job: MigrationJob & { readonly next: RecordTypeEntry },
    copy: TableCopy,
    goOn: () => void,
  ): Promise<Token> {
    const { context, queue } = this.#parts
    const { entry } = job
    for (;;) {
      let isLevel = false
      const token = await queue.submit(
        {
          undo: 'on-refusal',
          decisive: { undone: () => this.#undone(entry) },
          run: () => {
            isLevel = copy.catchUp(context.limits.turnMaxMs)
            if (!isLevel || copy.misfits.length > 0) return undefined
            context.search.replacing(entry.definition.name)
            copy.swap()
            return this.#commit(job)
          },
          committed: () => context.search.reload(entry.definition.name),
        },
        {},
      )
      if (token !== undefined) return token
      if (isLevel || copy.isDoomed)
        throw refused(entry.definition.name, lateMisfits(copy, job.total))
      goOn()
    }
  }

  async #remove(job: MigrationJob): Promise<Token> {
    const { context, queue, left } = this.#parts
    const { entry } = job
    const copy = new TableCopy(context, { from: entry, to: entry }, new DataMigration([]))
    const token = await queue.submit(
      {
        undo: 'on-refusal',
        decisive: { undone: () => this.#undone(entry) },
        run: () => {
          context.search.replacing(entry.definition.name)
          copy.leave()
          return this.#commit(job)
        },
        committed: () => context.search.reload(entry.definition.name),
      },
      {},
    )
    left.add(copy.left)
    return token
  }

  #commit(job: MigrationJob): Token {
    return commitMigration(this.#parts, job)
  }

  /** The transaction was rolled back after it had run. */
  #undone(entry: RecordTypeEntry): void {
    const { context, registry } = this.#parts
    const { name } = entry.definition
    if (context.types.get(name) === entry) return
    context.shapes.drop(name)
    context.retiredTypes.delete(name)
    registry.use(entry)
  }
}

interface Going {
  readonly goOn: () => void
  readonly onProgress: (progress: MigrationProgress) => void
}

function outlineOf(type: string, entry: RecordTypeEntry, plan: MigrationPlan): Result {
  return {
    type,
    direction: plan.direction,
    migrations: plan.migrations.map(({ name }) => name),
    plan: [...plan.told],
    schemaVersion: entry.schemaVersion,
    changed: false,
    destroys: plan.destroys,
    records: { total: 0, changed: 0, unfit: 0 },
    ...(plan.definition === undefined ? { removed: true as const } : {}),
  }
}

function shownReview(
  { total, changed, unfit, samples, misfits }: Reviewed,
  dryRun: boolean | undefined,
): Pick<Result, 'records' | 'samples' | 'unfit'> {
  const records = { total, changed, unfit }
  if (!dryRun) return { records }
  return {
    records,
    samples: [...samples],
    unfit: misfits.map(({ id, issues }) => ({ id, issues: issues.map((issue) => ({ ...issue })) })),
  }
}

/** What was written while the records were copied, and does not fit. */
function lateMisfits({ misfits }: TableCopy, total: number): Reviewed {
  return { total, changed: total, unfit: misfits.length, samples: [], misfits }
}

function refused(type: string, { unfit, misfits, total }: Reviewed): OrionError {
  const issues = misfits.flatMap(({ id, issues: found }) =>
    found.map(({ path, message }) => ({ path: path === '' ? id : `${id}.${path}`, message })),
  )
  const first = issues.slice(0, 3).map(({ path, message }) => `${path}: ${message}`)
  return new OrionError(
    'invalid_record',
    `${unfit} of ${counted(total, 'record')} of ${type} would not fit: ${first.join('; ')}`,
    {
      issues: issues.slice(0, 20),
      remedy:
        'Nothing was changed. Mend these records, or give the step a rule for them: `unfit`. `orion types migrate --dry-run` shows more.',
    },
  )
}
