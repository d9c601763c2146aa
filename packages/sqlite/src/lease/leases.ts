import { RUNNING, type TaskRow, type Store } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import { ANY_GATED, DUE, NEXT_DUE, TASKS_BY_ID } from '../sql/tasks.ts'
import type { StoredRuns } from '../store/patch.ts'
import type { FileClock } from '../store/clock.ts'
import type { Writer } from '../store/writer.ts'
import { processOf, type Processes } from './processes.ts'

/** What a store tells of claims and of what waits. */
interface Leases extends Pick<Store, 'renew' | 'ended' | 'waiting' | 'rest'> {
  /** A sign of life of this process, if there are claims; throws if it cannot be written. */
  beat(): void
}

/** The argument of {@link createLeases}. */
interface LeasesHost {
  readonly db: Database
  readonly lease: number
  readonly clock: FileClock
  readonly claims: StoredRuns
  readonly processes: Processes
  readonly writer: Writer
  /** Number of this process. */
  readonly own: () => number
  readonly warn: (message: string) => void
}

const AGAIN = 2
const SUSPECT = 3
// Claims of one answer of `ended`.
const MOST = 500

/** Makes the {@link Leases} of a file. */
export function createLeases(host: LeasesHost): Leases {
  const { db, lease, clock, claims, processes, writer, own, warn } = host
  const anyGated = db.prepare(ANY_GATED)
  const byId = db.prepare(TASKS_BY_ID)
  const due = db.prepare(DUE)
  const nextDue = db.prepare(NEXT_DUE)
  const told = new Set<string>()
  let beaten = -Infinity

  return {
    beat,
    renew(held) {
      beat()
      if (claims.any()) writer.write(() => claims.spread())
      const tokens = new Map(held.map(({ id, token }) => [id, token]))
      const rows = byId.all(JSON.stringify([...tokens.keys()])) as TaskRow[]
      return new Set(
        rows.flatMap(({ id, token, state }) =>
          state === RUNNING && token === tokens.get(id) ? [id] : [],
        ),
      )
    },
    ended(lanes, held) {
      clock.read()
      spread()
      const here = new Set(lanes)
      const running = new Set(held)
      const found: TaskRow[] = []
      findOdd()
      const all = processes.withClaims()
      if (all.some((one) => one !== own())) writer.attempt(() => processes.watch(all))
      for (const one of all) {
        const { over, long } = processes.lease(one)
        if (!over) continue
        for (const row of processes.claims(one)) {
          if (one === own() && running.has(row.id)) continue
          if (here.has(row.lane) || (long && one !== own())) found.push(row)
          if (found.length === MOST) return found
        }
      }
      return found
    },
    waiting: (lanes) =>
      lanes.flatMap((lane) => {
        const waits = (gate: number): boolean => anyGated.get(lane, gate, clock.now()) !== undefined
        const suspect = waits(SUSPECT)
        return suspect || waits(AGAIN) ? [{ lane, suspect }] : []
      }),
    rest(lanes) {
      spread()
      const time = clock.now()
      let left = 0
      let first = Infinity
      for (const lane of lanes) {
        left += (due.get(lane, time, lane, time) as { n: number }).n
        const next = nextDue.get(lane, time, lane, time) as { due: number | null }
        first = Math.min(first, next.due ?? Infinity)
      }
      const here = new Set(lanes)
      for (const one of processes.withClaims())
        if (processes.claims(one).some(({ lane }) => here.has(lane)))
          first = Math.min(first, time + processes.lease(one).left)
      const next = first === Infinity ? undefined : Math.max(0, first - time)
      return { left, next: left > 0 ? 0 : next }
    },
  }

  /** Lists that cannot be read: while their process lives, it has the tasks in memory; then they are found by their events. */
  function findOdd(): void {
    for (const odd of claims.odd()) {
      const { token, lane, left } = odd
      const of = processOf(token)
      const list = `the list of ${left} running tasks cannot be read (postern_claims, token ${token}, subscription number ${lane})`
      tellOnce(
        `${list}: its process has these tasks in memory; if it ends before they do, they are found by their events and run again`,
      )
      if (of === own()) continue
      writer.attempt(() => processes.watch([of]))
      if (!processes.lease(of).over) continue
      writer.attempt(() => {
        if (!claims.find(odd))
          tellOnce(
            `${list}, and its process has ended: more events of its commit have no task of that subscription than were open, so it is not known which of them it listed; deliver these again under new ids`,
          )
      })
    }
  }

  function tellOnce(message: string): void {
    if (told.has(message)) return
    told.add(message)
    warn(`sqliteInbox: ${message}`)
  }

  /** Before running tasks are looked at. */
  function beat(): void {
    const time = performance.now()
    if (time - beaten < lease / 4) return
    if (claims.any() || processes.claims(own()).length > 0) writer.write(() => processes.beat())
    beaten = time
  }

  function spread(): void {
    if (claims.any()) writer.attempt(() => claims.spread())
  }
}
