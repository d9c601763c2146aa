import { causeOf, type Consumer, type Outcome, type Ran } from '@postern/core/inbox'
import { PROCESS } from './attempts.ts'
import type { Engine } from './engine.ts'
import { insertJobs, type NewJob } from './jobs.ts'
import { enqueue, lockKeys, orderedOf, release } from './order.ts'
import type { PgExecutor } from './pg.ts'
import { jobsOf, plain } from './encode.ts'
import { settleSql } from './settle-sql.ts'
import { attemptOf, type Task } from './task.ts'
import { PARKED, type Turns } from './turns.ts'

/** An attempt that ended. */
export interface Ended {
  readonly task: Task
  readonly outcome: Outcome
  /** When it started and how long it took, in milliseconds; undefined if it never did: then it is no attempt. */
  readonly ran: Ran | undefined
}

/** The result of storing an outcome: undefined if the claim was lost. */
export interface Stored {
  readonly outcome: Outcome
  /** Milliseconds until the task may run again, if it will. */
  readonly wait: number | undefined
}

/** Stores outcomes. */
export interface Settle {
  /** In transactions of its own. */
  store(ended: readonly Ended[]): Promise<readonly (Stored | undefined)[]>
  /** In the transaction of `client`; false if the claim was lost. To be called before anything else in it. */
  within(client: PgExecutor, ended: Ended, write: () => Promise<void>): Promise<boolean>
}

/** Makes the settling of a receiver. `complete` and `fail` of pg-boss take no due time and do not return the refused jobs of a batch. */
export function createSettle(
  engine: Engine,
  turns: Turns,
  { receiver, now, warn }: Pick<Consumer, 'receiver' | 'now' | 'warn'>,
  lineOf: (queue: string) => string,
): Settle {
  const { db, settings, queues } = engine
  const { schema, deadline } = settings
  const update = settleSql(schema)
  const forgive = `UPDATE ${schema}.job j SET data = j.data || '{"cut":0,"charged":0}',
      priority = CASE WHEN j.state = 'active' OR j.priority <= 0 THEN j.priority WHEN j.data ? 'fair' THEN ${PARKED} ELSE 0 END
    WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND j.state <= 'active' AND (j.data->>'cut')::int > 0`
  const ended = `SELECT j.id, j.retry_count AS count FROM ${schema}.job j
    WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND j.state = 'completed'`

  return {
    async store(batch) {
      const children = batch.flatMap(childrenOf)
      if (children.length > 0)
        await queues.ensure(receiver, [...new Set(children.map((child) => child.subscription))])
      const alone = children.length === 0 && batch.every(({ task }) => task.order === undefined)
      const waits = alone
        ? await settle(db, batch)
        : await db.transaction(deadline, async (client) => {
            const jobs = await lock(client, batch)
            const stored = await settle(client, batch)
            await follow(
              client,
              batch.filter(({ task }) => stored.has(task.id)),
              jobs,
            )
            return stored
          })
      const before = await refuse(batch.filter(({ task }) => !waits.has(task.id)))
      return batch.map(({ task, outcome }) => {
        const wait = waits.get(task.id)
        if (wait !== undefined)
          return { outcome, wait: isOver(outcome) ? undefined : Math.max(0, wait) }
        return before.has(task.id) ? { outcome: { kind: 'done' }, wait: undefined } : undefined
      })
    },
    async within(client, one, write) {
      const jobs = await lock(client, [one])
      const stored = await settle(client, [one])
      if (!stored.has(one.task.id)) return false
      await write()
      await follow(client, [one], jobs)
      return true
    },
  }

  async function settle(
    client: PgExecutor,
    batch: readonly Ended[],
  ): Promise<ReadonlyMap<string, number>> {
    const time = now()
    const input = batch.map((one) => row(one, time))
    const { rows } = await client.executeSql(update, [
      // A `done` has no strings from outside, so they are not checked: the checks cost more than the rest.
      JSON.stringify(input, input.some(({ error }) => error) ? plain : undefined),
      [...new Set(input.map((one) => one.name))],
      input.map((one) => one.id),
      PROCESS,
    ])
    for (const each of rows)
      if (each['late'] === true)
        warn(
          `pgBossInbox: the lease of task ${String(each['id'])} ended while it ran, since the event loop was held or PostgreSQL was away; no other outcome came first, so this one counts`,
        )
    return new Map(rows.map((each) => [each['id'] as string, each['wait'] as number]))
  }

  function row({ task, outcome, ran }: Ended, time: number) {
    const { kind } = outcome
    const error = 'error' in outcome ? outcome.error : undefined
    const waits = 'at' in outcome
    return {
      name: task.queue,
      id: task.id,
      count: task.retryCount,
      attempt: attemptOf(task),
      // A postponed task used no attempt.
      base: kind === 'postpone' ? task.base + 1 : task.base,
      kind,
      priority: waits && ran ? (task.fair === undefined ? 0 : PARKED) : undefined,
      given: ran === undefined,
      // As a span, since the clocks of this machine and of the database may differ.
      wait: waits ? Math.max(0, Math.ceil(outcome.at - time)) : undefined,
      at: ran && Math.floor(ran.startedAt),
      ms: ran && Math.round(ran.duration * 1000) / 1000,
      error,
      cause: error && causeOf(error),
    }
  }

  /** Locks the lines that change. Returns the children. */
  async function lock(
    client: PgExecutor,
    batch: readonly Ended[],
  ): Promise<ReadonlyMap<Ended, readonly NewJob[]>> {
    const jobs = new Map(
      batch.map((one) => [
        one,
        jobsOf(
          engine,
          receiver,
          { id: one.task.eventId, key: one.task.event.key },
          childrenOf(one),
        ),
      ]),
    )
    await lockKeys(client, [
      ...batch.flatMap(({ task }) => task.order ?? []),
      ...[...jobs.values()].flat().flatMap((job) => job.data.order ?? []),
    ])
    return jobs
  }

  /** Children of done tasks, and the next tasks of their order keys. */
  async function follow(
    client: PgExecutor,
    batch: readonly Ended[],
    jobs: ReadonlyMap<Ended, readonly NewJob[]>,
  ): Promise<void> {
    const children = batch.flatMap((one) => jobs.get(one)!)
    if (children.length > 0) await spawn(client, children)
    const over = batch.filter(({ task, outcome }) => task.order !== undefined && isOver(outcome))
    await release(
      client,
      schema,
      over.map(({ task }) => task.id),
    )
  }

  async function spawn(client: PgExecutor, jobs: readonly NewJob[]): Promise<void> {
    const inserted = await insertJobs(engine, client, jobs, await turns.assign(client, jobs))
    const fresh = jobs.filter((job) => inserted.has(job.id))
    for (const [event, group] of Map.groupBy(fresh, (job) => job.data.event))
      await client.executeSql(
        `UPDATE ${schema}.postern_events SET tasks = tasks || $2::jsonb WHERE id = $1`,
        [event, JSON.stringify(group.map((job) => [job.queue.id, job.id]))],
      )
    await enqueue(client, schema, orderedOf(fresh, lineOf))
  }

  /**
   * Of refused outcomes, those whose own claim is done: `task.commit` did it, or a COMMIT whose answer was lost. The others
   * are too late to count, but a task that reports one is not poison.
   */
  async function refuse(refused: readonly Ended[]): Promise<ReadonlySet<string>> {
    if (refused.length === 0) return new Set()
    const values = [
      [...new Set(refused.map(({ task }) => task.queue))],
      refused.map(({ task }) => task.id),
    ]
    const { rows } = await db.executeSql(ended, values)
    const reported = refused.filter(({ ran }) => ran !== undefined)
    if (rows.length < reported.length)
      await db.executeSql(forgive, [values[0], reported.map(({ task }) => task.id)])
    const counts = new Map(rows.map((each) => [each['id'] as string, each['count'] as number]))
    return new Set(
      refused.flatMap(({ task }) => (counts.get(task.id) === task.retryCount ? [task.id] : [])),
    )
  }
}

function childrenOf({ outcome }: Ended) {
  return (outcome.kind === 'done' && outcome.spawn) || []
}

function isOver({ kind }: Outcome): boolean {
  return kind === 'done' || kind === 'dead'
}
