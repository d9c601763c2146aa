import { type Json } from '@postern/core'
import { decodeDelivery, decodeEvent, type Consumer } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { explain } from './errors.ts'
import type { JobData } from './jobs.ts'
import type { Claimed, Slot } from './lanes.ts'

/** A job as pg-boss's fetch gives it. */
export interface Fetched {
  readonly id: string
  readonly data: JobData
  readonly retryCount: number
  readonly heartbeatSeconds?: number | null
}

/** Makes what reads the events of fetched jobs. A job whose event cannot be read is dead. */
export function createLoad(
  engine: Engine,
  consumer: Consumer,
): (slot: Slot, queue: string, jobs: readonly Fetched[]) => Promise<readonly Claimed[]> {
  const { db, settings } = engine
  const select = `SELECT e.id, e.received::float8 AS received, e.record, COALESCE(d.head, e.head) AS head, COALESCE(d.body, e.body) AS body
    FROM ${settings.schema}.postern_events e LEFT JOIN ${settings.schema}.postern_deliveries d ON d.id = e.delivery
    WHERE e.id = ANY($1::uuid[])`
  const bury = `UPDATE ${settings.schema}.job SET state = 'failed', completed_on = clock_timestamp(), output = $4::jsonb
    WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3`

  return async (slot, queue, jobs) => {
    const { lane, queues } = slot
    const subscription = [lane.name, ...lane.formerly][queues.indexOf(queue)]!
    const { rows } = await db.executeSql(select, [[...new Set(jobs.map((job) => job.data.event))]])
    const events = new Map(rows.map((row) => [row['id'] as string, row]))
    const claimed: Claimed[] = []
    // What an UPDATE returns has no order.
    const received = (job: Fetched): number => Number(events.get(job.data.event)?.['received'] ?? 0)
    for (const job of jobs.toSorted((a, b) => received(a) - received(b))) {
      const { part, data, order, base, event: eventId } = job.data
      try {
        const row = events.get(eventId)
        if (!row) throw new Error('its event is not there')
        const delivery = decodeDelivery(row['head'] as string, row['body'] as Uint8Array)
        claimed.push({
          slot,
          id: job.id,
          queue,
          subscription,
          retryCount: job.retryCount,
          base,
          lease: (job.heartbeatSeconds ?? settings.lease / 1000) * 1000,
          renewed: performance.now(),
          order,
          part: part === undefined ? undefined : (JSON.parse(part) as string),
          data: data === undefined ? undefined : (JSON.parse(data) as Json),
          event: decodeEvent(row['record'] as string, delivery),
          eventId,
          delivery,
        })
      } catch (error) {
        // What cannot be read cannot be run; left as it is, it would come first again and again.
        const message = `task ${job.id} cannot be read: ${explain(error)}`
        const output = JSON.stringify({ name: 'UnreadableTask', message })
        await db.executeSql(bury, [queue, job.id, job.retryCount, output])
        consumer.warn(message)
      }
    }
    return claimed
  }
}
