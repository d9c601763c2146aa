import type { TaskRow } from '@postern/core/engine'
import type { Database, Driver } from '../driver/driver.ts'
import { ADD_PROCESS, BEAT, CLAIMS, GONE, NEXT_TOKEN, PROCESS, SAW } from '../sql/tasks.ts'

/** A claim, with the row of its process in the higher bits of the token. */
const SHARE: number = 2 ** 32
// Both together stay below 2^53.
const PROCESSES = 2 ** 20

/** Row of the process that made a claim. */
export function processOf(token: number): number {
  return Math.floor(token / SHARE)
}

/**
 * Signs of life of the processes that share the file. No clock decides whether a process lives: its lease is over when
 * others saw for that long that its beat has not changed. It is gone at once if it said so, or if a lock that the kernel
 * holds for it is free.
 */
export interface Processes {
  /** Number of this process; makes its row. Inside a transaction. */
  join(): number
  /** A sign of life. Inside a transaction. */
  beat(): void
  /** False if the row of this process is gone, or is as it was before: the file was put back. */
  intact(): boolean
  /** Says that this process has ended. Inside a transaction. */
  leave(): void
  /** Processes that have claims. */
  withClaims(): readonly number[]
  /** Looks at others. Inside a transaction. */
  watch(processes: readonly number[]): void
  /** The lease of a process. */
  lease(process: number): Lease
  /** True if the lease of a claim is over. */
  isOver(token: number): boolean
  /** Claims of a process. */
  claims(process: number): readonly (TaskRow & { readonly lease: number })[]
}

/** How much of a lease is left. */
interface Lease {
  readonly over: boolean
  /** True if it has been over for another lease: anybody may end its claims. */
  readonly long: boolean
  /** Milliseconds. */
  readonly left: number
}

interface Seen {
  readonly mark: number
  readonly beat: number
  readonly seen: number
  readonly looked: number
  readonly silent: number
  readonly gone: number
}

/** Makes them; `lease` in milliseconds. */
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

  /** Of the time between two looks at most a third of the lease counts: whoever looks may have slept. */
  function look(process: number): void {
    const row = find.get(process) as Seen | undefined
    if (!row) return
    const time = now()
    if (row.gone === 0 && driver.life?.isFree(process)) gone.run(process)
    if (row.beat !== row.seen) return void saw.run(row.beat, time, 0, process)
    const since = Math.max(0, time - row.looked)
    // Written in steps: a look comes often.
    if (since < lease / 50) return
    saw.run(row.seen, time, Math.ceil(row.silent + Math.min(since, lease / 3)), process)
  }

  function leaseOf(process: number): Lease {
    // Its own claims are over if nothing here holds them: the caller leaves out what is held.
    if (process === own) return { over: true, long: false, left: lease }
    const row = find.get(process) as Seen | undefined
    if (!row) return { over: true, long: true, left: 0 }
    const silent = row.silent + (row.gone === 1 ? lease : 0)
    return { over: silent >= lease, long: silent >= 2 * lease, left: Math.max(0, lease - silent) }
  }
}
