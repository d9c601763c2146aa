import { WebhookError } from '@postern/core'
import type { Engine } from './engine.ts'

/** How many tasks are pending or running, so that an inbox nobody works on does not grow without end. */
export interface Pending {
  /** Takes room for tasks; undefined where there is, or the refusal. It asks the database only where it may matter. */
  reserve(tasks: number): WebhookError | undefined | Promise<WebhookError | undefined>
  /** Tasks of this process that were settled, or were not stored after all. */
  free(tasks: number): void
}

// How old a count may be, in milliseconds: near the bound, and far from it.
const NEAR = 250
const FAR = 10_000

/** Makes the count. Between two looks at the database it knows what this process stored and settled. */
export function createPending({ settings, db, queues }: Engine): Pending {
  const { maxPending, schema } = settings
  let known: number | undefined
  let since = 0
  let counted = -Infinity
  let counting: Promise<void> | undefined

  return {
    reserve(tasks) {
      const age = performance.now() - counted
      if (known !== undefined && known + since + tasks <= maxPending) {
        if (age > FAR) void count().catch(() => {})
        since += tasks
        return undefined
      }
      if (known !== undefined && age <= NEAR) return full()
      return count().then(() => {
        if (known! + since + tasks > maxPending) return full()
        since += tasks
        return undefined
      })
    },
    free(tasks) {
      since -= tasks
    },
  }

  function full(): WebhookError {
    return new WebhookError(
      'inbox_full',
      `pgBossInbox: ${known! + since} tasks are pending, maxPending is ${maxPending}`,
    )
  }

  function count(): Promise<void> {
    counting ??= look().finally(() => (counting = undefined))
    return counting
  }

  async function look(): Promise<void> {
    const names = queues.all().map((queue) => queue.name)
    const before = since
    // What is stored while the count runs may be counted twice: that errs on the safe side, until the next.
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
