import type { Outcome } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { insertJobs, type NewJob } from './jobs.ts'
import type { Claimed } from './lanes.ts'
import { enqueue, lockKeys, orderedOf, release } from './order.ts'
import type { PgExecutor } from './pg.ts'
import { jobsOf } from './encode.ts'

/** An attempt that ended. */
export interface Ended {
  readonly task: Claimed
  readonly outcome: Outcome
}

/** What became of an outcome: undefined where the claim was lost. */
export interface Stored {
  readonly outcome: Outcome
  /** Milliseconds until the task may run again, where it will. */
  readonly wait: number | undefined
}

/** Stores outcomes. */
export interface Settle {
  /** In transactions of its own. */
  store(ended: readonly Ended[]): Promise<readonly (Stored | undefined)[]>
  /** In the transaction of `client`; false where the claim was lost. To be called before anything else in it. */
  within(client: PgExecutor, ended: Ended, write: () => Promise<void>): Promise<boolean>
}

/** Makes the settling of a receiver. `complete` and `fail` of pg-boss know neither a time of return nor which of a batch they refused. */
export function createSettle(
  engine: Engine,
  receiver: string,
  now: () => number,
  lineOf: (queue: string) => string,
): Settle {
  const { db, settings, queues } = engine
  const { schema, deadline } = settings
  // Names and ids are given once more as arrays: from a join alone PostgreSQL may read all jobs, however few are meant.
  // The fence is that of pg-boss: only while the count is the one the claim came with is it still its own.
  const update = `UPDATE ${schema}.job j SET
      state = i.state::${schema}.job_state,
      completed_on = CASE WHEN i.state <> 'retry' THEN clock_timestamp() END,
      start_after = CASE WHEN i.state = 'retry' THEN clock_timestamp() + i.wait * interval '1 millisecond' ELSE j.start_after END,
      priority = CASE WHEN i.state = 'retry' THEN 1 ELSE j.priority END,
      output = CASE i.kind WHEN 'done' THEN NULL WHEN 'postpone' THEN j.output ELSE i.output END,
      data = CASE WHEN i.kind = 'postpone' THEN jsonb_set(j.data, '{base}', to_jsonb(j.retry_count + 1 - i.attempt + 1)) ELSE j.data END
    FROM json_to_recordset($1::json) AS i(name text, id uuid, count int, attempt int, kind text, state text, wait float8, output jsonb)
    WHERE j.name = ANY($2::text[]) AND j.id = ANY($3::uuid[]) AND j.name = i.name AND j.id = i.id
      AND j.state = 'active' AND j.retry_count = i.count
    RETURNING j.id, extract(epoch FROM j.start_after - clock_timestamp())::float8 * 1000 AS wait`
  const ended = `SELECT j.id, j.retry_count AS count FROM ${schema}.job j
    WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND j.state = 'completed'`

  return {
    async store(batch) {
      const children = batch.flatMap(
        ({ outcome }) => (outcome.kind === 'done' && outcome.spawn) || [],
      )
      if (children.length > 0)
        await queues.ensure(receiver, [...new Set(children.map((child) => child.subscription))])
      const alone = children.length === 0 && batch.every(({ task }) => task.order === undefined)
      const waits = alone
        ? await settle(db, batch)
        : await db.transaction(deadline, async (client) => {
            await lockKeys(client, keysOf(batch))
            const stored = await settle(client, batch)
            await follow(
              client,
              batch.filter(({ task }) => stored.has(task.id)),
            )
            return stored
          })
      const before = await doneBefore(batch.filter(({ task }) => !waits.has(task.id)))
      return batch.map(({ task, outcome }) => {
        const wait = waits.get(task.id)
        if (wait !== undefined)
          return { outcome, wait: isOver(outcome) ? undefined : Math.max(0, wait) }
        return before.has(task.id) ? { outcome: { kind: 'done' }, wait: undefined } : undefined
      })
    },
    async within(client, one, write) {
      await lockKeys(client, keysOf([one]))
      const stored = await settle(client, [one])
      if (!stored.has(one.task.id)) return false
      await write()
      await follow(client, [one])
      return true
    },
  }

  async function settle(
    client: PgExecutor,
    batch: readonly Ended[],
  ): Promise<ReadonlyMap<string, number>> {
    const time = now()
    const input = batch.map(({ task, outcome }) => ({
      name: task.queue,
      id: task.id,
      count: task.retryCount,
      attempt: task.retryCount - task.base + 1,
      kind: outcome.kind,
      state: outcome.kind === 'done' ? 'completed' : outcome.kind === 'dead' ? 'failed' : 'retry',
      // As a span, since the clocks of this machine and of the database may differ.
      wait: 'at' in outcome ? Math.max(0, Math.ceil(outcome.at - time)) : 0,
      output: 'error' in outcome ? outcome.error : null,
    }))
    const { rows } = await client.executeSql(update, [
      JSON.stringify(input, plain),
      [...new Set(input.map((one) => one.name))],
      input.map((one) => one.id),
    ])
    return new Map(rows.map((row) => [row['id'] as string, row['wait'] as number]))
  }

  /** Children of what is done, and the next of its order keys. */
  async function follow(client: PgExecutor, batch: readonly Ended[]): Promise<void> {
    const jobs: NewJob[] = []
    for (const { task, outcome } of batch)
      if (outcome.kind === 'done' && outcome.spawn)
        jobs.push(
          ...jobsOf(engine, receiver, { id: task.eventId, key: task.event.key }, outcome.spawn),
        )
    if (jobs.length > 0) await spawn(client, jobs)
    const over = batch.filter(({ task, outcome }) => task.order !== undefined && isOver(outcome))
    await release(
      client,
      schema,
      over.map(({ task }) => task.id),
    )
  }

  async function spawn(client: PgExecutor, jobs: readonly NewJob[]): Promise<void> {
    const inserted = new Set(await insertJobs(engine, client, jobs, true))
    const fresh = jobs.filter((job) => inserted.has(job.id))
    for (const [event, group] of Map.groupBy(fresh, (job) => job.data.event))
      await client.executeSql(
        `UPDATE ${schema}.postern_events SET tasks = tasks || $2::jsonb WHERE id = $1`,
        [event, JSON.stringify(group.map((job) => [job.queue.id, job.id]))],
      )
    await enqueue(client, schema, orderedOf(fresh, lineOf))
  }

  /** Of refused outcomes, those whose own claim is done: `task.commit` did it, or a COMMIT whose answer was lost. */
  async function doneBefore(refused: readonly Ended[]): Promise<ReadonlySet<string>> {
    if (refused.length === 0) return new Set()
    const { rows } = await db.executeSql(ended, [
      [...new Set(refused.map(({ task }) => task.queue))],
      refused.map(({ task }) => task.id),
    ])
    const counts = new Map(rows.map((row) => [row['id'] as string, row['count'] as number]))
    return new Set(
      refused.flatMap(({ task }) => (counts.get(task.id) === task.retryCount ? [task.id] : [])),
    )
  }
}

/** Keys of the lines that change, with those of ordered children. */
function keysOf(batch: readonly Ended[]): readonly string[] {
  return batch.flatMap(({ task }) => task.order ?? [])
}

function isOver({ kind }: Outcome): boolean {
  return kind === 'done' || kind === 'dead'
}

// What PostgreSQL's jsonb does not take: the character 0, and halves of pairs.
function plain(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value
}
