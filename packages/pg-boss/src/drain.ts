import { settledBy, timeTo, type Drained, type Leases } from '@postern/core/inbox'
import type { Claims } from './claim.ts'
import type { Engine } from './engine.ts'
import { unavailable } from './errors.ts'
import type { Drain, Lanes } from './lanes.ts'
import type { Promote } from './promote.ts'
import type { Attempts } from './run.ts'

/** What draining needs of its port. */
export interface DrainHost {
  readonly engine: Engine
  readonly lanes: Lanes
  readonly leases: Leases
  readonly claims: Claims
  readonly attempts: Attempts
  readonly promote: Promote
  readonly merge: () => Promise<void>
  /** Keeps no more leases, unless tasks run beside drains. */
  readonly rest: () => void
}

// How long before its end a drain starts nothing more, and gives back what still runs, in milliseconds.
const LAST = 1000
const STORING = 500

/** Runs what is due until nothing is, `max` attempts ran, or the time is near; waits for its own attempts. */
export function createDrain(
  host: DrainHost,
): (until: number, max: number, last?: number) => Promise<Drained> {
  const { engine, lanes, leases, claims, attempts, promote } = host
  const { db, settings } = engine
  const { schema } = settings
  const counts = `SELECT
    (SELECT count(*) FROM ${schema}.job j WHERE j.name = ANY($1::text[]) AND j.state < 'active' AND NOT j.blocked
      AND j.start_after <= clock_timestamp())::int AS left,
    extract(epoch FROM LEAST(
      (SELECT min(j.start_after) FROM ${schema}.job j WHERE j.name = ANY($1::text[]) AND j.state < 'active' AND NOT j.blocked),
      (SELECT min(j.heartbeat_on + (j.data->>'lease')::float8 * interval '1 second') FROM ${schema}.job j
       WHERE j.name = ANY($1::text[]) AND j.state = 'active')
    ) - clock_timestamp())::float8 * 1000 AS next`

  return async (until, max, last = LAST) => {
    try {
      return await drain(until, max, last)
    } catch (error) {
      throw unavailable(error)
    }
  }

  async function drain(until: number, max: number, last: number): Promise<Drained> {
    const tally = { ran: 0, done: 0, retry: 0, dead: 0, postpone: 0 }
    const over = new AbortController()
    let claimed = 0
    let ended = 0
    const mine: Drain = {
      signal: over.signal,
      started: () => void tally.ran++,
      ended(kind) {
        if (kind !== undefined) tally[kind]++
        ended++
      },
    }
    const end = until - Math.min(STORING, Math.max(0, until - Date.now()) / 4)
    const abort = (): void => over.abort(new Error('the drain is over'))
    const timer = setTimeout(abort, timeTo(until - last))
    try {
      await engine.ready()
      await host.merge()
      await leases.look()
      for (;;) {
        // In each round: another drain of this receiver may have ended meanwhile.
        leases.start()
        const room = Date.now() < until - last ? max - claimed : 0
        promote.soon()
        const found = room > 0 ? await claims.take(room, mine) : 0
        claimed += found
        if (Date.now() >= end || (found === 0 && ended >= claimed)) break
        // Slots that are free then may take more while the others run.
        if (ended < claimed) await settledBy(attempts.next(), end)
      }
      attempts.stop(mine)
      abort()
      attempts.giveBack(mine)
      while (ended < claimed && Date.now() < until) await settledBy(attempts.next(), until)
    } finally {
      clearTimeout(timer)
      host.rest()
    }
    const names = lanes.all().flatMap((slot) => slot.queues)
    const { rows } = await db.executeSql(counts, [names])
    const { left, next } = rows[0] as { left: number; next: number | null }
    return {
      ran: tally.ran,
      done: tally.done,
      retried: tally.retry,
      dead: tally.dead,
      postponed: tally.postpone,
      left,
      next: next === null ? undefined : Math.round(Date.now() + Math.max(0, next)),
    }
  }
}
