import type { Engine } from './engine.ts'
import { dropEvents, dropJobs, jobsOfEvents, type EventJob, type EventTasks } from './event-jobs.ts'

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
  const { schema, window, keepDone, keepDead } = settings
  const pause = Math.min(LONGEST, Math.max(SHORTEST, Math.min(keepDone, keepDead) / 100))
  const select = `SELECT id, received::float8 AS received, tasks FROM ${schema}.postern_events
    WHERE (received, id) > ($1::bigint, $2::uuid) AND received < $4::float8
    ORDER BY received, id LIMIT $3 FOR UPDATE SKIP LOCKED`
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
}

interface Place {
  readonly received: number
  readonly id: string
}

const START: Place = { received: -1, id: '00000000-0000-0000-0000-000000000000' }
