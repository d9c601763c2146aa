import {
  createLeases,
  interrupted,
  isSuspect,
  poison,
  type Consumer,
  type Leases,
} from '@postern/core/inbox'
import { recordAttempts } from './attempts.ts'
import type { Engine } from './engine.ts'
import type { JobData } from './jobs.ts'
import type { Lanes } from './lanes.ts'
import type { Load } from './load.ts'
import { lockKeys, release } from './order.ts'
import type { PgExecutor } from './pg.ts'
import type { Task } from './task.ts'
import { ALONE, INTERRUPTED } from './turns.ts'

/** The port as leases see it. */
export interface LeaseHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly held: () => Iterable<Task>
  readonly load: Load
  /** Tasks were freed: some may be due. */
  readonly freed: (soonest: number) => void
  /** There are suspects. */
  readonly suspected: () => void
  /** A task is dead, since it was charged too often. */
  readonly buried: (task: Task, error: ReturnType<typeof poison>) => void
}

// Ended leases of one transaction: few, so that locks are short.
const MOST = 500

/** Renews the leases of running tasks, and frees tasks whose process gave no sign of life. */
export function createLease(engine: Engine, host: LeaseHost): Leases {
  const { db, settings } = engine
  const { schema, lease, pollInterval, deadline } = settings
  const over = `j.state = 'active' AND j.heartbeat_on + (j.data->>'lease')::float8 * interval '1 second' < clock_timestamp()`
  const renew = `UPDATE ${schema}.job j SET heartbeat_on = clock_timestamp()
    FROM unnest($1::text[], $2::uuid[], $3::int[]) AS i(name, id, count)
    WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND j.name = i.name AND j.id = i.id
      AND j.state = 'active' AND j.retry_count = i.count`
  const ended = `SELECT j.id, j.name, j.data, j.retry_count AS count,
      extract(epoch FROM j.started_on)::float8 * 1000 AS started
    FROM ${schema}.job j WHERE j.name = ANY($1::text[]) AND j.id <> ALL($2::uuid[]) AND ${over} LIMIT ${MOST}`
  const free = `UPDATE ${schema}.job j SET state = i.state::${schema}.job_state, priority = i.priority,
      start_after = clock_timestamp() + i.wait * interval '1 millisecond',
      completed_on = CASE WHEN i.state = 'failed' THEN clock_timestamp() END,
      output = COALESCE(i.output, j.output),
      data = j.data || jsonb_build_object('base', i.base, 'cut', i.cut, 'charged', i.charged)
    FROM json_to_recordset($1::json) AS i(name text, id uuid, count int, state text, priority int, wait float8, base int,
      cut int, charged int, output jsonb)
    WHERE j.name = ANY($2::text[]) AND j.id = ANY($3::uuid[]) AND j.name = i.name AND j.id = i.id
      AND j.retry_count = i.count AND ${over}
    RETURNING j.id`
  const waiting = `SELECT w.name, max(j.priority) AS priority, bool_or(j.start_after <= clock_timestamp()) AS due
    FROM unnest($1::text[]) AS w(name) CROSS JOIN LATERAL (
      SELECT j.priority, j.start_after FROM ${schema}.job j
      WHERE j.name = w.name AND j.state < 'active' AND NOT j.blocked AND j.priority > 0
      ORDER BY j.priority DESC LIMIT ${MOST}) j GROUP BY w.name`

  return createLeases<Task>({
    lease,
    look: Math.min(Math.max(lease / 10, pollInterval), 3000),
    held: host.held,
    async renew(tasks) {
      await db.executeSql(renew, [
        tasks.map((task) => task.queue),
        tasks.map((task) => task.id),
        tasks.map((task) => task.retryCount),
      ])
    },
    async watch() {
      await engine.ready()
      const names = host.lanes.names()
      const own = [...host.held()].map((task) => task.id)
      const { rows } = await db.executeSql(ended, [names, own])
      if (rows.length > 0) await cut(rows as unknown as readonly EndedLease[])
      const { rows: some } = await db.executeSql(waiting, [names])
      for (const { name, due } of some)
        if (due === true) host.lanes.of(name as string)!.slot.lean = true
      if (some.some(({ priority }) => priority === ALONE)) host.suspected()
    },
  })

  async function cut(leases: readonly EndedLease[]): Promise<void> {
    const ruled = leases.map(rule)
    const freed = await db.transaction(deadline, async (client) => {
      const dead = ruled.filter((one) => one.state === 'failed')
      await lockKeys(
        client,
        dead.flatMap(({ lease: { data } }) => data.order ?? []),
      )
      const ids = await update(client, ruled)
      await recordAttempts(
        client,
        schema,
        ruled.flatMap(({ id, count, lease: { data, started } }) =>
          ids.has(id)
            ? [
                {
                  task: id,
                  run: count,
                  attempt: count - data.base + 1,
                  started,
                  duration: undefined,
                  outcome: 'interrupted' as const,
                  error: undefined,
                  process: '',
                },
              ]
            : [],
        ),
      )
      await release(
        client,
        schema,
        dead.flatMap(({ id }) => (ids.has(id) ? id : [])),
      )
      return ruled.filter(({ id }) => ids.has(id))
    })
    if (freed.length === 0) return
    for (const { id, name, count, base, cut, charged } of freed)
      host.consumer.interrupted?.({
        subscription: host.lanes.of(name)?.subscription ?? name,
        task: id,
        attempt: count - base + 2,
        count: cut,
        charged,
      })
    if (freed.some(({ priority }) => priority === ALONE)) host.suspected()
    host.freed(Math.min(...freed.map(({ wait }) => wait)))
    const dead = freed.filter((one) => one.state === 'failed')
    const tasks = await host.load(
      host.lanes,
      dead.map(({ id, name, count, lease: { data } }) => ({ id, name, data, count, priority: 0 })),
    )
    for (const task of tasks) host.buried(task, dead.find(({ id }) => id === task.id)!.output!)
  }

  async function update(
    client: PgExecutor,
    ruled: readonly ReturnType<typeof rule>[],
  ): Promise<ReadonlySet<string>> {
    const { rows } = await client.executeSql(free, [
      JSON.stringify(ruled),
      [...new Set(ruled.map((one) => one.name))],
      ruled.map((one) => one.id),
    ])
    return new Set(rows.map((row) => row['id'] as string))
  }

  function rule(one: EndedLease) {
    const { cut: before = 0, charged: chargedBefore = 0, base } = one.data
    const attempts = host.lanes.of(one.name)?.slot.lane.attempts
    const next = interrupted({ cut: before, charged: chargedBefore }, attempts)
    return {
      id: one.id,
      name: one.name,
      count: one.count,
      state: next.poison ? 'failed' : 'retry',
      priority: isSuspect(next) ? ALONE : INTERRUPTED,
      wait: next.wait,
      base: base + 1,
      cut: next.cut,
      // A replay of a poison task gives it its charges again, and it stays a suspect.
      charged: next.poison ? 0 : next.charged,
      output: next.poison ? poison(next.charged) : undefined,
      lease: one,
    }
  }
}

interface EndedLease {
  readonly id: string
  readonly name: string
  readonly data: JobData
  readonly count: number
  readonly started: number
}
