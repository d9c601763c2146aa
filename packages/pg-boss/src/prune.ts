import type { Engine } from './engine.ts'
import type { PgExecutor } from './pg.ts'

/** Forgets in the background what was kept long enough. */
export interface Prune {
  start(): void
  stop(): void
}

// Events looked at in one transaction: few, so that locks are short.
const STEP = 200
// Rest between steps, and longest and shortest time between sweeps, in milliseconds.
const REST = 50
const LONGEST = 600_000
const SHORTEST = 1000

/** Makes the pruning. A sweep walks the events in order of arrival, a step at a time; one process at a time does a step. */
export function createPrune(engine: Engine): Prune {
  const { db, settings } = engine
  const { schema, keepDone, keepDead } = settings
  const pause = Math.min(LONGEST, Math.max(SHORTEST, Math.min(keepDone, keepDead) / 100))
  const jobs = `SELECT j.state, j.completed_on FROM jsonb_array_elements(e.tasks) AS t(pair)
    JOIN ${schema}.postern_lanes l ON l.id = (t.pair->>0)::int
    JOIN ${schema}.job j ON j.name = l.queue AND j.id = (t.pair->>1)::uuid`
  // Over is what has settled long enough ago; what was discarded stays known for its window all the same.
  const select = `SELECT e.id, e.received::float8 AS received, NOT EXISTS (
      SELECT 1 FROM (${jobs}) o WHERE o.state < 'completed' OR o.completed_on >= clock_timestamp()
        - (CASE WHEN o.state = 'completed' THEN $4::float8 ELSE $5::float8 END) * interval '1 millisecond'
    ) AND (e.received < $6::float8 OR EXISTS (${jobs})) AS over
    FROM (SELECT * FROM ${schema}.postern_events WHERE (received, id) > ($1::bigint, $2::uuid) AND received < $7::float8
      ORDER BY received, id LIMIT $3 FOR UPDATE SKIP LOCKED) e ORDER BY e.received, e.id`
  let timer: ReturnType<typeof setTimeout> | undefined
  let started = false
  let stopped = false

  return {
    start() {
      if (started) return
      started = true
      again(START, pause)
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }

  function again(from: Place, wait: number): void {
    if (stopped) return
    timer = setTimeout(() => {
      step(from).then(
        (next) => again(next ?? START, next ? REST : pause),
        // The database may be away: the next sweep tries again, and accepts report it meanwhile.
        () => again(START, pause),
      )
    }, wait)
    // A process that has nothing else to do need not stay for this.
    timer.unref()
  }

  /** Forgets, of the next events, those that are over. Gives the last one looked at, or undefined where the walk is over. */
  function step(from: Place): Promise<Place | undefined> {
    return db.transaction(settings.deadline, async (client) => {
      const now = Date.now()
      const { rows } = await client.executeSql(select, [
        from.received,
        from.id,
        STEP,
        keepDone,
        keepDead,
        now - keepDone,
        // An event that came after this time cannot have settled before it.
        now - Math.min(keepDone, keepDead),
      ])
      const events = rows as unknown as (Place & { readonly over: boolean })[]
      await forget(
        client,
        schema,
        events.filter(({ over }) => over).map(({ id }) => id),
      )
      return events.length < STEP ? undefined : events.at(-1)
    })
  }
}

/** Drops events, their jobs, and their deliveries where no other event came with them. */
export async function forget(
  client: PgExecutor,
  schema: string,
  events: readonly string[],
): Promise<void> {
  if (events.length === 0) return
  await client.executeSql(
    `DELETE FROM ${schema}.job j USING ${schema}.postern_events e, jsonb_array_elements(e.tasks) AS t(pair), ${schema}.postern_lanes l
     WHERE e.id = ANY($1::uuid[]) AND l.id = (t.pair->>0)::int AND j.name = l.queue AND j.id = (t.pair->>1)::uuid`,
    [events],
  )
  await client.executeSql(
    `WITH gone AS (DELETE FROM ${schema}.postern_events WHERE id = ANY($1::uuid[]) RETURNING id, delivery)
     DELETE FROM ${schema}.postern_deliveries d USING gone g WHERE d.id = g.delivery
     AND NOT EXISTS (SELECT 1 FROM ${schema}.postern_events e WHERE e.delivery = d.id AND e.id <> ALL($1::uuid[]))`,
    [events],
  )
}

interface Place {
  readonly received: number
  readonly id: string
}

const START: Place = { received: -1, id: '00000000-0000-0000-0000-000000000000' }
