import { WebhookError } from '@postern/core'
import { createPace } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import type { NewJob } from './jobs.ts'
import type { Backlog, Turns } from './turns.ts'

/** Counts the pending and running tasks of a receiver, so that an inbox without workers does not grow without bound. */
export interface Capacity {
  /** Takes room for tasks. Returns undefined, or the refusal without room. It asks the database only if that may matter. */
  reserve(jobs: readonly NewJob[]): WebhookError | undefined | Promise<WebhookError | undefined>
  /** Tasks of this process that were settled. */
  free(tasks: number): void
  /** Tasks that were not stored after all, or are pending again if the number is negative. */
  unreserve(tasks: number): void
  /** Counts the waiting tasks of a fair key that this process stored. */
  told(backlog: Backlog): void
}

// How old a count may be, in milliseconds: near the bound, and far from it.
const NEAR = 250
const FAR = 10_000
// The most fair keys in memory: only keys with many waiting tasks are kept.
const KEYS = 10_000

/** Makes the count. Between two queries it adds and subtracts the tasks that this process stores and settles. */
export function createCapacity(
  { settings, db, queues }: Engine,
  receiver: string,
  turns: () => Turns,
  now: () => number,
): Capacity {
  const { maxPending, maxPendingShare, schema } = settings
  const share = Math.max(1, Math.floor(maxPending * maxPendingShare))
  /** Fair keys that wait in a lane with more than half of what may wait there, by the lanes that events of a key have. */
  const heavy = new Map<string, Backlog & { readonly at: number }>()
  let width = 1
  const pace = createPace(now)
  let known: number | undefined
  let since = 0
  let counted = -Infinity
  let counting: Promise<void> | undefined

  return {
    reserve(jobs) {
      const full = shareOf(jobs)
      return full instanceof Promise
        ? full.then((error) => error ?? room(jobs.length))
        : (full ?? room(jobs.length))
    },
    free(tasks) {
      since -= tasks
    },
    unreserve: (tasks) => store(-tasks),
    told,
  }

  function room(tasks: number): WebhookError | undefined | Promise<WebhookError | undefined> {
    const age = performance.now() - counted
    if (known !== undefined && known + since + tasks <= maxPending) {
      if (age > FAR) void count().catch(() => {})
      store(tasks)
      return undefined
    }
    if (known !== undefined && age <= NEAR) return full()
    return count().then(() => {
      if (known! + since + tasks > maxPending) return full()
      store(tasks)
      return undefined
    })
  }

  function store(tasks: number): void {
    since += tasks
    pace.added(tasks)
  }

  function full(): WebhookError {
    const pending = known! + since
    return refusal(
      `${pending} tasks of ${receiver} are pending, maxPending is ${maxPending}`,
      pending,
      maxPending,
    )
  }

  function refusal(message: string, held: number, room: number): WebhookError {
    if (known !== undefined) pace.refused(known + since)
    const retryAfter = pace.secondsFor(held, room)
    return new WebhookError('inbox_full', `pgBossInbox: ${message}`, { retryAfter })
  }

  function told(backlog: Backlog): void {
    const key = `${backlog.lane} ${backlog.key}`
    heavy.delete(key)
    if (backlog.tasks <= share / 2 / width) return
    heavy.set(key, { ...backlog, at: performance.now() })
    if (heavy.size > KEYS) heavy.delete(heavy.keys().next().value!)
  }

  /** A tenant that has its share waiting is refused alone. */
  function shareOf(jobs: readonly NewJob[]): undefined | Promise<WebhookError | undefined> {
    if (jobs.length > width) width = Math.max(width, widthOf(jobs))
    if (heavy.size === 0) return undefined
    const keys = jobs.flatMap(({ queue, data }) =>
      data.fair !== undefined && heavy.has(`${queue.id} ${data.fair}`)
        ? [{ lane: queue.id, key: data.fair }]
        : [],
    )
    if (keys.length === 0) return undefined
    return over(keys)
  }

  async function over(
    keys: readonly { readonly lane: number; readonly key: string }[],
  ): Promise<WebhookError | undefined> {
    const now = performance.now()
    const stale = keys.filter(({ lane, key }) => {
      const backlog = heavy.get(`${lane} ${key}`)
      return backlog !== undefined && now - backlog.at > NEAR
    })
    if (stale.length > 0) for (const backlog of await turns().look(db, stale)) told(backlog)
    const held = new Map<string, number>()
    for (const { lane, key } of new Map(
      keys.map((one) => [`${one.lane} ${one.key}`, one]),
    ).values())
      held.set(key, (held.get(key) ?? 0) + (heavy.get(`${lane} ${key}`)?.tasks ?? 0))
    const most = Math.max(...held.values())
    if (most < share) return undefined
    return refusal(
      `${most} tasks of one fair key of ${receiver} are pending, its share of maxPending is ${share}`,
      most,
      share,
    )
  }

  function count(): Promise<void> {
    counting ??= look().finally(() => (counting = undefined))
    return counting
  }

  async function look(): Promise<void> {
    const names = queues
      .all()
      .filter((queue) => queue.receiver === receiver)
      .map((queue) => queue.name)
    const before = since
    // Tasks that are stored during the query may be counted twice until the next one: that is on the safe side.
    const { rows } = await db.executeSql(
      `SELECT count(*)::int AS open FROM (SELECT 1 FROM ${schema}.job
       WHERE name = ANY($1::text[]) AND state < 'completed' LIMIT $2) o`,
      [names, maxPending + 1],
    )
    known = Number(rows[0]!['open'])
    since -= before
    counted = performance.now()
  }
}

/** The most lanes in which one fair key of these jobs has a task. */
function widthOf(jobs: readonly NewJob[]): number {
  const lanes = new Map<string, Set<number>>()
  for (const { queue, data } of jobs)
    if (data.fair !== undefined)
      lanes.set(data.fair, (lanes.get(data.fair) ?? new Set()).add(queue.id))
  return Math.max(1, ...[...lanes.values()].map(({ size }) => size))
}
