import { type Json } from '@postern/core'
import { decodeDelivery, decodeEvent, type Consumer } from '@postern/core/inbox'
import type { Fetched } from './claim.ts'
import type { Engine } from './engine.ts'
import { explain } from './errors.ts'
import type { Lanes } from './lanes.ts'
import type { Task } from './task.ts'
import { ALONE } from './turns.ts'

/** Reads the events of claimed jobs. `gate` is the place that a suspect among them frees. */
export type Load = (
  lanes: Lanes,
  jobs: readonly Fetched[],
  gate?: () => void,
) => Promise<readonly Task[]>

/** Makes the function that reads the events of claimed jobs. A job whose event cannot be read is dead. */
export function createLoad(engine: Engine, consumer: Consumer): Load {
  const { db, settings } = engine
  const select = `SELECT e.id, e.received::float8 AS received, e.record, COALESCE(d.head, e.head) AS head, COALESCE(d.body, e.body) AS body
    FROM ${settings.schema}.postern_events e LEFT JOIN ${settings.schema}.postern_deliveries d ON d.id = e.delivery
    WHERE e.id = ANY($1::uuid[])`
  const bury = `UPDATE ${settings.schema}.job SET state = 'failed', completed_on = clock_timestamp(), output = $4::jsonb
    WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3`

  return async (lanes, jobs, gate) => {
    const { rows } = await db.executeSql(select, [[...new Set(jobs.map((job) => job.data.event))]])
    const events = new Map(rows.map((row) => [row['id'] as string, row]))
    const claimed: Task[] = []
    // The rows of an UPDATE have no order.
    const received = (job: Fetched): number => Number(events.get(job.data.event)?.['received'] ?? 0)
    for (const job of jobs.toSorted(
      (a, b) => b.priority - a.priority || received(a) - received(b),
    )) {
      const { part, data, order, fair, base, event: eventId } = job.data
      try {
        const row = events.get(eventId)
        if (!row) throw new Error('its event is not there')
        const delivery = decodeDelivery(row['head'] as string, row['body'] as Uint8Array)
        claimed.push({
          ...lanes.of(job.name)!,
          id: job.id,
          queue: job.name,
          retryCount: job.count,
          base,
          leased: Date.now(),
          order,
          fair,
          part: part === undefined ? undefined : (JSON.parse(part) as string),
          data: data === undefined ? undefined : (JSON.parse(data) as Json),
          event: decodeEvent(row['record'] as string, delivery),
          eventId,
          delivery,
          free: job.priority === ALONE ? gate : undefined,
          startedAt: 0,
          place: -1,
          over: false,
          committed: undefined,
        })
      } catch (error) {
        // An unreadable job cannot run: left as it is, it would be claimed first again and again.
        const message = `task ${job.id} cannot be read: ${explain(error)}`
        const output = JSON.stringify({ name: 'UnreadableTask', message })
        await db.executeSql(bury, [job.name, job.id, job.count, output])
        consumer.warn(message)
      }
    }
    return claimed
  }
}
