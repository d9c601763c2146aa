import {
  arrivalCursor,
  arrivalPlace,
  checkDeliveryFilter,
  createBuckets,
  HOUR,
  matchesDelivery,
  type Arrival,
  type ArrivalPlace,
  type DeliveryFilter,
  type Journal,
  type Page,
} from '@postern/core/inbox'
import { addArrivals, arrivalOf, pageOfArrivals, trimRing, type Rings } from './arrivals.ts'
import { attemptsOf } from './attempts.ts'
import { bucketsOf } from './buckets.ts'
import type { Engine } from './engine.ts'
import { unavailable } from './errors.ts'
import { addHistory, rollUp } from './history.ts'
import { isId } from './ids.ts'
import type { PgExecutor } from './pg.ts'

const NEW = ['duplicate', 'handshake', 'unhandled', 'refused']
// Rows of a ring after which its bounds are looked at, as a part of them; and the longest time between, in milliseconds.
const SLACK = 0.05
const TRIM = 60_000

/**
 * The journal in PostgreSQL. It is bounded: two rings of deliveries by count, bytes and age (a twentieth of the count may
 * come on top), history by minute for two days and by hour for thirty, attempts with their tasks.
 */
export function createJournal(engine: Engine, rings: Rings): Journal {
  const { db, settings } = engine
  const { schema, deadline } = settings
  const since = { verified: 0, unverified: 0 }
  let trimmedAt = 0
  let rolledAt = 0

  return {
    write: ({ arrived, minutes, gauges, lost }) =>
      run(async () => {
        await db.transaction(deadline, async (client) => {
          await addArrivals(client, schema, arrived)
          await addHistory(client, schema, minutes, gauges)
          if (lost > 0)
            await client.executeSql(`UPDATE ${schema}.postern_schema SET lost = lost + $1`, [lost])
        })
        for (const { verified } of arrived) since[verified ? 'verified' : 'unverified']++
        await keepBounds(Date.now())
      }),
    refusals: (filter = {}) =>
      page(
        filter,
        [filter.outcome ?? NEW].flat().filter((outcome) => outcome !== 'accepted'),
      ),
    deliveries: (filter = {}) =>
      page(filter, filter.outcome === undefined ? undefined : [filter.outcome].flat()),
    delivery: (id) => run((client) => arrivalOf(client, schema, id)),
    attempts: (task) => (isId(task) ? run(() => attemptsOf(engine, task)) : Promise.resolve([])),
    async history(range) {
      const buckets = createBuckets(range)
      return run((client) => bucketsOf(client, schema, range, buckets))
    },
  }

  async function keepBounds(now: number): Promise<void> {
    for (const ring of ['verified', 'unverified'] as const) {
      if (since[ring] === 0) continue
      if (since[ring] < rings[ring].rows * SLACK && now - trimmedAt < TRIM) continue
      since[ring] = 0
      trimmedAt = now
      await db.transaction(deadline, (client) =>
        trimRing(client, schema, ring === 'verified', rings[ring], now - rings.age),
      )
    }
    if (now - rolledAt < HOUR) return
    rolledAt = now
    // An hour a transaction: locks are short, and a process that dies in between leaves the rest to others.
    while (await db.transaction(deadline, (client) => rollUp(client, schema, now)));
  }

  async function page(
    filter: DeliveryFilter,
    outcomes: readonly string[] | undefined,
  ): Promise<Page<Arrival>> {
    const { limit, budget, cursor } = checkDeliveryFilter(filter)
    const fits = matchesDelivery(filter)
    let place = cursor === undefined ? undefined : whole(arrivalPlace(cursor))
    return run(async (client) => {
      const until = Date.now() + budget
      const rows: Arrival[] = []
      const part = Math.max(200, limit + 1)
      for (;;) {
        const found = await pageOfArrivals(client, schema, { ...filter, outcomes }, place, part)
        for (const { replyBody: _reply, ...arrival } of found) {
          if (!fits(arrival)) continue
          if (rows.length === limit) {
            const last = rows.at(-1)!
            return { rows, cursor: arrivalCursor(last), searchedTo: last.at }
          }
          rows.push(arrival)
        }
        const last = found.at(-1)
        if (found.length < part || !last) return { rows, cursor: undefined, searchedTo: undefined }
        place = whole(last)
        if (Date.now() >= until) return { rows, cursor: arrivalCursor(place), searchedTo: last.at }
      }
    })
  }

  async function run<T>(work: (client: PgExecutor) => Promise<T>): Promise<T> {
    try {
      await engine.ready()
      return await work(db)
    } catch (error) {
      throw unavailable(error)
    }
  }
}

/** The place as the table has it: with its time in whole milliseconds. */
function whole({ at, id }: ArrivalPlace): ArrivalPlace {
  return { at: Math.floor(at), id }
}
