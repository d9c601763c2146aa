import { AGAIN, MOST_WAIT, RUNNING, SUSPECT, type TaskRow, type Store } from '@postern/core/engine'
import type { Database, Driver } from '../driver/driver.ts'
import {
  ADD_PROCESS,
  ANY_GATED,
  BEAT,
  BRING,
  CLAIMS,
  DUE,
  FAR,
  GONE,
  NEXT_DUE,
  NEXT_TOKEN,
  PROCESS,
  SAW,
  TASKS_BY_ID,
} from '../sql/tasks.ts'
import type { FileClock } from '../store/clock.ts'
import { processOf, type StoredRuns } from '../store/patch.ts'
import type { Writer } from '../store/writer.ts'

interface Leases extends Pick<Store, 'renew' | 'ended' | 'waiting' | 'rest'> {
  /** Gives a sign of life of this process if it has claims. Throws if the sign cannot be written. */
  beat(): void
}

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

// Maximum number of claims that one call of `ended` returns.
const MOST = 500

export function createLeases(host: LeasesHost): Leases {
  const { db, lease, clock, claims, processes, writer, own, warn } = host
  const anyGated = db.prepare(ANY_GATED)
  const byId = db.prepare(TASKS_BY_ID)
  const far = db.prepare(FAR)
  const bring = db.prepare(BRING)
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
      bringFar(lanes)
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

  /**
   * Handles unreadable lists of running tasks. The process of such a list has its tasks in memory, and may still end
   * them. When that process has ended, this function finds the remaining tasks by their events.
   */
  function findOdd(): void {
    for (const odd of claims.odd()) {
      const { token, lane, left } = odd
      const of = processOf(token)
      const list = `the list of ${left} running tasks cannot be read (postern_claims, token ${token}, subscription number ${lane})`
      tellOnce(
        `${list}: the process that runs these tasks continues; if that process ends first, the tasks run again`,
      )
      if (of === own()) continue
      writer.attempt(() => processes.watch([of]))
      if (!processes.lease(of).over) continue
      writer.attempt(() => {
        if (!claims.find(odd))
          tellOnce(
            `${list}, and its process has ended; it is unknown which events had these tasks; look for events of that time without an effect, and send them again under new ids`,
          )
      })
    }
  }

  /** Makes tasks due if their stored time is damaged, so that it is further away than any wait can be. */
  function bringFar(lanes: readonly number[]): void {
    const now = clock.now()
    for (const lane of lanes)
      if (far.get(lane, now + MOST_WAIT))
        writer.attempt(() => void bring.run(now, lane, now + MOST_WAIT))
  }

  function tellOnce(message: string): void {
    if (told.has(message)) return
    told.add(message)
    warn(`sqliteInbox: ${message}`)
  }

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

// A token has the number of a process in its higher bits, and the number of a claim in its lower 32 bits. The token is
// below 2^53.
const SHARE = 2 ** 32
const PROCESSES = 2 ** 20

/**
 * Signs of life of the processes that share the file. They do not depend on the wall clock. The lease of a process ends
 * when other processes have seen no new sign for `lease` milliseconds. It ends immediately if the process wrote that it
 * ends, or if the kernel has released its lock. Call `join`, `beat`, `leave` and `watch` in a transaction.
 */
interface Processes {
  /** Adds the row of this process, and returns its number. */
  join(): number
  beat(): void
  /** Returns false if the row of this process is missing or older: the file was restored to an earlier state. */
  intact(): boolean
  /** Writes that this process has ended. */
  leave(): void
  withClaims(): readonly number[]
  /** Looks for new signs of life of other processes. */
  watch(processes: readonly number[]): void
  lease(process: number): Lease
  isOver(token: number): boolean
  claims(process: number): readonly (TaskRow & { readonly lease: number })[]
}

interface Lease {
  readonly over: boolean
  /**
   * True if twice the duration of the lease has passed without a sign of life. Any process may then end the claims,
   * even if it does not have their subscriptions.
   */
  readonly long: boolean
  /** Milliseconds until the lease ends. */
  readonly left: number
}

/** A row of `postern_processes`. For its columns see `sql/tables.ts`. */
interface Seen {
  readonly mark: number
  readonly beat: number
  readonly seen: number
  readonly looked: number
  readonly silent: number
  readonly gone: number
}

/** `lease` and `now` are in milliseconds. */
export function createProcesses(
  db: Database,
  driver: Pick<Driver, 'process' | 'life'>,
  {
    lease,
    now,
    version,
  }: { readonly lease: number; readonly now: () => number; readonly version: number },
): Processes {
  const mark = Math.floor(Math.random() * 2 ** 48)
  const add = db.prepare(ADD_PROCESS)
  const beat = db.prepare(BEAT)
  const find = db.prepare(PROCESS)
  const saw = db.prepare(SAW)
  const gone = db.prepare(GONE)
  const nextToken = db.prepare(NEXT_TOKEN)
  const claims = db.prepare(CLAIMS)
  let own = 0
  let known = 0

  return {
    join() {
      if (own === 0)
        own = Number(add.run(driver.process, version, mark, Date.now()).lastInsertRowid) % PROCESSES
      return own
    },
    beat: () => void beat.run(own),
    intact() {
      if (own === 0) return true
      const row = find.get(own) as Seen | undefined
      if (row === undefined || row.beat < known || row.mark !== mark) return false
      known = row.beat
      return true
    },
    leave: () => void gone.run(own),
    withClaims() {
      const found: number[] = []
      for (let from = 0; ;) {
        const { token } = nextToken.get(from) as { token: number | null }
        if (token === null) return found
        const process = processOf(token)
        from = (process + 1) * SHARE
        found.push(process)
      }
    },
    watch(processes) {
      for (const process of processes) if (process !== own) look(process)
    },
    lease: leaseOf,
    isOver: (token) => leaseOf(processOf(token)).over,
    claims: (process) =>
      claims.all(process * SHARE, (process + 1) * SHARE) as (TaskRow & { lease: number })[],
  }

  /**
   * Looks for a sign of life of another process, and stores how long there was none. Each call adds at most a third of
   * the lease to that time, since this process may have been suspended between two calls.
   */
  function look(process: number): void {
    const row = find.get(process) as Seen | undefined
    if (!row) return
    const time = now()
    if (row.gone === 0 && driver.life?.isFree(process)) gone.run(process)
    if (row.beat !== row.seen) return void saw.run(row.beat, time, 0, process)
    const since = Math.max(0, time - row.looked)
    // Calls are frequent, so a result is written only once per fiftieth of the lease.
    if (since < lease / 50) return
    saw.run(row.seen, time, Math.ceil(row.silent + Math.min(since, lease / 3)), process)
  }

  function leaseOf(process: number): Lease {
    // The lease of this process counts as ended. The caller excludes the claims that this process still holds.
    if (process === own) return { over: true, long: false, left: lease }
    const row = find.get(process) as Seen | undefined
    if (!row) return { over: true, long: true, left: 0 }
    const silent = row.silent + (row.gone === 1 ? lease : 0)
    return { over: silent >= lease, long: silent >= 2 * lease, left: Math.max(0, lease - silent) }
  }
}
