import { createSweep, type Sweep } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { dropEvents, dropJobs, jobsOfEvents, type EventJob, type EventTasks } from './event-jobs.ts'

// Events looked at in one transaction: few, so that locks are short.
const STEP = 200
// Turns of a lane from which on it begins again at 0 once it is empty.
const MANY_TURNS = 1_000_000_000

/** Makes the pruning. A round walks the events in order of arrival, a step at a time; one process at a time does a step. */
export function createPrune(engine: Engine): Sweep {
  const { db, settings } = engine
  const { schema, window, keepDone, keepDead, deadline } = settings
  const select = `SELECT id, received::float8 AS received, tasks FROM ${schema}.postern_events
    WHERE (received, id) > ($1::bigint, $2::uuid) AND received < $4::float8
    ORDER BY received, id LIMIT $3 FOR UPDATE SKIP LOCKED`

  return createSweep<Place>(Math.min(window, keepDone, keepDead), async (place) => {
    await engine.ready()
    if (!place) await sweepTurns()
    return step(place ?? START)
  })

  /** Forgets, of the next events, those that are over. Returns the last one looked at, or undefined if the walk is over. */
  function step(from: Place): Promise<Place | undefined> {
    return db.transaction(deadline, async (client) => {
      const now = Date.now()
      // An event that came after this time cannot have settled before it.
      const until = now - Math.min(keepDone, keepDead)
      const { rows } = await client.executeSql(select, [from.received, from.id, STEP, until])
      const events = rows as unknown as (Place & EventTasks)[]
      const jobs = await jobsOfEvents(engine, client, events)
      await dropJobs(
        client,
        schema,
        events.flatMap(({ id }) => jobs.get(id)!.filter(isOver)),
      )
      const over = events.filter(
        ({ id, received }) => received < now - window && jobs.get(id)!.every(isOver),
      )
      await dropEvents(
        client,
        schema,
        over.map(({ id }) => id),
      )
      return events.length < STEP ? undefined : events.at(-1)
    })
  }

  /** A pending or running task is never over. Its event stays known for its window all the same. */
  function isOver({ state, settled }: EventJob): boolean {
    return settled !== undefined && settled > (state === 'completed' ? keepDone : keepDead)
  }

  /** A key whose last turn was claimed needs no row. */
  async function sweepTurns(): Promise<void> {
    await db.executeSql(
      `DELETE FROM ${schema}.postern_turns t USING ${schema}.postern_lanes l WHERE l.id = t.lane AND t.turn <= l.turn`,
    )
    await db.executeSql(
      `WITH l AS (
         UPDATE ${schema}.postern_lanes l SET turn = 0 WHERE l.turn > ${MANY_TURNS} AND NOT EXISTS (
           SELECT 1 FROM ${schema}.job j WHERE j.name = l.queue AND j.state < 'active') RETURNING id)
       DELETE FROM ${schema}.postern_turns t USING l WHERE l.id = t.lane`,
    )
  }
}

interface Place {
  readonly received: number
  readonly id: string
}

const START: Place = { received: -1, id: '00000000-0000-0000-0000-000000000000' }
