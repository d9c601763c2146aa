import type { Engine } from './engine.ts'
import type { Claimed, Lanes } from './lanes.ts'

/** Keeps the leases of what runs here, and frees tasks whose process gave no sign of life. */
export interface Leases {
  start(): void
  stop(): void
}

// How often it looks for leases to renew, in milliseconds: the shortest lease is a second.
const RENEWAL = 250

/** Makes the leases of a receiver. pg-boss's own supervision frees them too, but a minute later. */
export function createLeases(
  engine: Engine,
  lanes: Lanes,
  held: () => Iterable<Claimed>,
  freed: () => void,
): Leases {
  const { db, settings } = engine
  const { lease, pollInterval } = settings
  const reclaim = `UPDATE ${settings.schema}.job j SET state = 'retry', start_after = clock_timestamp(), priority = 1
    WHERE j.name = ANY($1::text[]) AND j.state = 'active' AND j.id <> ALL($2::uuid[])
      AND j.heartbeat_on + j.heartbeat_seconds * interval '1 second' < clock_timestamp()
    RETURNING j.id`
  let renewing: ReturnType<typeof setInterval> | undefined
  let looking: ReturnType<typeof setInterval> | undefined
  let busy = false

  return {
    start() {
      renewing ??= setInterval(() => void quietly(renew), RENEWAL)
      looking ??= setInterval(look, Math.min(Math.max(lease / 10, pollInterval), 3000))
      look()
    },
    stop() {
      clearInterval(renewing)
      clearInterval(looking)
      renewing = looking = undefined
    },
  }

  function look(): void {
    if (busy) return
    busy = true
    void quietly(free).finally(() => (busy = false))
  }

  async function renew(): Promise<void> {
    const now = performance.now()
    const due = [...held()].filter((task) => now - task.renewed >= task.lease / 3)
    for (const [queue, tasks] of Map.groupBy(due, (task) => task.queue)) {
      await engine.boss.touch(
        queue,
        tasks.map(({ id, retryCount }) => ({ id, retryCount })),
        { db },
      )
      for (const task of tasks) task.renewed = now
    }
  }

  async function free(): Promise<void> {
    await engine.ready()
    const own = [...held()].map((task) => task.id)
    const names = lanes.all().flatMap((slot) => slot.queues)
    const { rows } = await db.executeSql(reclaim, [names, own])
    if (rows.length > 0) freed()
  }
}

/** What fails here fails elsewhere too, where it is reported; the next try follows soon. */
async function quietly(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch {}
}
