import {
  checkErase,
  inSteps,
  isAboutTasks,
  matches,
  type InboxView,
  type StepPlace,
  type TaskFilter,
  type TaskInfo,
} from '@postern/core/inbox'
import type { Database } from './connection.ts'
import type { Engine } from './engine.ts'
import { eachKept, emptyEvents, isResting } from './empty.ts'
import { jobsOfEvents, type EventTasks } from './event-jobs.ts'
import { conditions, numbered } from './filter.ts'
import type { PgExecutor } from './pg.ts'
import { receiversOf } from './scan.ts'
import { meantTasks } from './scan-events.ts'

// Events that one step looks at.
const PART = 500

interface PlacedEvent extends EventTasks {
  readonly received: number
}

/** Makes `InboxView.erase`: it walks the events, the oldest first; each step is one transaction. */
export function createErase(
  engine: Engine,
  run: <T>(work: (db: Database) => Promise<T>) => Promise<T>,
): InboxView['erase'] {
  const { schema, deadline } = engine.settings

  return async (filter, options = {}) => {
    checkErase(filter, options)
    const { passing = false, keep } = options
    return inSteps(options, (place) =>
      run((db) =>
        db.transaction(deadline, async (client) => {
          const events = await page(client, filter, passing, place)
          const resting = await restingOf(client, filter, passing, events)
          const some = resting.slice(0, place.rows)
          const left = resting.length > some.length || events.length === PART
          const last = resting.length > some.length ? some.at(-1)! : events.at(-1)
          return {
            count: place.dryRun
              ? some.length
              : await emptyEvents(engine, client, some, passing, keep),
            cursor: left ? `${last!.received}_${last!.id}` : undefined,
          }
        }),
      ),
    )
  }

  async function page(
    client: PgExecutor,
    filter: TaskFilter,
    passing: boolean,
    { cursor }: StepPlace,
  ): Promise<readonly PlacedEvent[]> {
    const [received = '-1', id = FIRST] = cursor?.split('_') ?? []
    const { event } = conditions(filter, receiversOf(engine))
    const contents = passing ? 'e.contents = 1' : 'e.contents IS DISTINCT FROM 2'
    const { rows } = await client.executeSql(
      numbered(`SELECT e.id, e.received::float8 AS received, e.tasks FROM ${schema}.postern_events e
        WHERE ${event.sql} AND ${contents} AND (e.received, e.id) > (?::bigint, ?::uuid)
        ORDER BY e.received, e.id LIMIT ${PART}`),
      [...event.values, received, id],
    )
    return rows as unknown as readonly PlacedEvent[]
  }

  /** Those of the events that the filter means and whose tasks have ended. */
  async function restingOf(
    client: PgExecutor,
    filter: TaskFilter,
    passing: boolean,
    events: readonly PlacedEvent[],
  ): Promise<readonly PlacedEvent[]> {
    const names = isAboutTasks(filter)
      ? await meantTasks(engine, client, filter, events)
      : undefined
    const meant = events.filter(({ tasks }) => !names || tasks.some(([, id]) => names.has(id)))
    if (meant.length === 0) return []
    const jobs = await jobsOfEvents(engine, client, meant)
    const resting = meant.filter(({ id }) => jobs.get(id)!.every(isResting(passing)))
    if (filter.text === undefined || resting.length === 0) return resting
    const fits = matches({ text: filter.text })
    const found = new Set<string>()
    const ids = resting.map(({ id }) => id)
    await eachKept(schema, client, ids, (kept) => {
      for (const [id, { event }] of kept)
        // The text is looked for in id, topic and payload alone.
        if (fits({ event } as unknown as TaskInfo, () => event.payload)) found.add(id)
    })
    return resting.filter(({ id }) => found.has(id))
  }
}

const FIRST = '00000000-0000-0000-0000-000000000000'
