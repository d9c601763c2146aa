import type { ClockStep } from '@postern/core/inbox'
import { AHEAD, BACK, CLOCK, SET_CLOCK, STEPS_AHEAD } from '../sql/clock.ts'
import { readRow, type Sql } from './pg.ts'

/**
 * The server's clock, held against the monotonic clock of this process. Steps ahead are stored: nothing ages by them, and no
 * lease ends by them. Steps back are found by what is stored (`COUNT_AGAIN`).
 */
export interface ServerClock {
  /** The time of the server, in milliseconds since 1970, after what a step has changed was put right. */
  read(): Promise<number>
  steps(): Promise<readonly ClockStep[]>
}

// Milliseconds: how old the stored time may be, and how much of the time in which nobody was there is believed.
const STORE = 10_000
const GAP = 3_600_000

/** Makes it; `lease` in milliseconds. */
export function createServerClock(sql: Sql, lease: number): ServerClock {
  // What is shorter ends no lease by itself.
  const least = Math.min(1000, lease / 4)
  let known: { readonly time: number; readonly at: number } | undefined

  return {
    async read() {
      const sent = performance.now()
      const { now, clock } = await readRow(sql<{ now: number; clock: number }>(CLOCK))
      const got = performance.now()
      if (clock > now) await sql(BACK)
      else await follow(now, clock, got)
      known = { time: now, at: sent }
      return now
    },
    async steps() {
      const rows = await sql<{ at: number; unseen: number }>(STEPS_AHEAD)
      return rows.map(({ at, unseen }) => ({ at, unseen, unseenByGuards: unseen }))
    },
  }

  async function follow(now: number, clock: number, got: number): Promise<void> {
    const gap = known ? now - known.time - (got - known.at) : now - clock
    // Of a gap behind the stored time a process that starts believes a part of a lease, since others may live: leases end all the same.
    const unseen = known ? gap : gap - GAP
    const longer = known ? gap : gap - STORE - lease / 3
    if (longer >= least || unseen >= least)
      await sql(AHEAD, [Math.max(0, Math.floor(unseen)), Math.max(0, Math.floor(longer)), lease])
    else if (now - clock >= STORE) await sql(SET_CLOCK, [now])
  }
}
