import { createHash, randomUUID } from 'node:crypto'
import { WebhookError, type Json } from '@postern/core'
import { unref } from '@postern/core/internal'
import type { Records } from '@postern/core/inbox'

const BEAT = 3000

/** Range of a run. A run continues an interrupted run only if the interrupted run covered this range too. */
interface Aim {
  readonly since: number
  readonly until: number
  readonly all: boolean
  readonly topics: readonly string[]
}

/** Position of the last completed event, in the order of `at`, then `id`. */
export interface ProgressMark {
  readonly at: number
  readonly id: string
}

/** The stored progress of one account, which only the process with the lease may change. */
export interface Progress {
  /** Position at which an earlier run stopped; undefined if this run starts at `since`. */
  readonly from: ProgressMark | undefined
  /** True if the interrupted run has already called `redeliverUntried`. */
  readonly untried: boolean
  /** Aborts when another process has taken over the catch-up. */
  readonly lost: AbortSignal
  /** Sets the position in memory. `save`, `finish` or the next heartbeat stores the position. */
  reached(place: ProgressMark): void
  save(): Promise<void>
  /** Stores that `redeliverUntried` was called. */
  asked(): Promise<void>
  /** Marks the run as complete, so that the next run starts from its option `since`. */
  finish(): Promise<void>
  /** Ends the lease, so that another process can continue. Never rejects, because the lease also expires. */
  release(): Promise<void>
}

interface Stored {
  readonly owner: string
  /** Time of the last heartbeat, in milliseconds since 1970; 0 if no process runs the catch-up. */
  readonly alive: number
  readonly since: number
  readonly until: number
  readonly all: boolean
  readonly topics: string
  readonly place: ProgressMark | null
  readonly untried: boolean
  readonly ended: boolean
}

export function progressKey(...parts: readonly (string | null)[]): string {
  return `catch-up:${JSON.stringify(parts)}`
}

/** Returns the end of the last run's range and, if that run was interrupted, the time of its last event. */
export async function lastRun(
  records: Records,
  key: string,
): Promise<{ readonly until: number; readonly stoppedAt: number | undefined } | undefined> {
  const stored = (await records.get(key))?.value as Stored | undefined
  if (stored === undefined) return undefined
  const { until, since, place, ended } = stored
  return { until, stoppedAt: ended ? undefined : (place?.at ?? since) }
}

/** Throws `in_progress` while another process has the lease. */
export async function claimProgress(records: Records, key: string, aim: Aim): Promise<Progress> {
  const owner = randomUUID()
  const lost = new AbortController()
  const topics = createHash('sha256').update(JSON.stringify(aim.topics)).digest('base64url')
  let state: Stored
  let version: number
  for (;;) {
    const found = await records.get(key)
    const before = found?.value as Stored | undefined
    if (before && before.alive !== 0 && !(await isOver(records, key, found!.version, before.alive)))
      throw new WebhookError('in_progress', {
        problem: 'in_progress',
        remedy: 'another call catches up with this account; wait until it has ended',
      })
    const goesOn =
      before?.ended === false &&
      before.since <= aim.since &&
      before.topics === topics &&
      (before.all || !aim.all)
    // A position before `since` is outside of this run's range, so it is ignored.
    const place = goesOn && before.place && before.place.at >= aim.since ? before.place : null
    state = {
      owner,
      alive: Date.now(),
      since: place ? before!.since : aim.since,
      until: aim.until,
      all: aim.all,
      topics,
      place,
      untried: goesOn && before.untried,
      ended: false,
    }
    if (await records.set(key, state as unknown as Json, found?.version ?? 0)) {
      version = await versionOf()
      break
    }
  }

  let writing: Promise<void> = Promise.resolve()
  const timer = unref(setInterval(() => void write({}).catch(() => undefined), BEAT))

  return {
    from: state.place ?? undefined,
    untried: state.untried,
    lost: lost.signal,
    reached: (place) => void (state = { ...state, place }),
    save: () => write({}),
    asked: () => write({ untried: true }),
    async finish() {
      clearInterval(timer)
      await write({ ended: true, alive: 0 })
    },
    async release() {
      clearInterval(timer)
      await write({ alive: 0 }).catch(() => undefined)
    },
  }

  /** Waits for all earlier writes, because each write needs the version that the write before stored. */
  function write(change: Partial<Stored>): Promise<void> {
    const next = async (): Promise<void> => {
      if (lost.signal.aborted) return
      state = { ...state, alive: Date.now(), ...change }
      if (await stored()) return
      // An earlier write may have been stored without an answer. The record then still has this owner, but a newer
      // version. So the write is tried again with the newer version.
      version = await versionOf()
      if (!lost.signal.aborted && !(await stored())) taken()
    }
    const written = writing.then(next)
    writing = written.catch(() => undefined)
    return written
  }

  async function stored(): Promise<boolean> {
    const done = await records.set(key, state as unknown as Json, version)
    if (done) version = await versionOf()
    return done
  }

  async function versionOf(): Promise<number> {
    const found = await records.get(key)
    if ((found?.value as Stored | undefined)?.owner === owner) return found!.version
    taken()
    return -1
  }

  function taken(): void {
    lost.abort(
      new WebhookError('in_progress', {
        problem: 'in_progress',
        remedy: 'another process took over this catch-up; it continues there',
      }),
    )
  }
}

/** Time without a heartbeat after which another process may continue a catch-up, in milliseconds. */
export const LEASE = 10_000
// Milliseconds between two checks for a heartbeat of a process that seems to have died.
const LOOK = 500

interface Sight {
  readonly version: number
  /** Time on the clock of `performance.now()`. */
  readonly since: number
}

// Times at which this process first read each version. The times stay between calls, so that several short calls
// together can wait for a whole lease.
const sights = new WeakMap<Records, Map<string, Sight>>()

/**
 * Returns true if the record's version did not change for a whole lease on this process's own clock. If the wall clock
 * shows a recent heartbeat, returns false without a wait.
 */
async function isOver(
  records: Records,
  key: string,
  version: number,
  alive: number,
): Promise<boolean> {
  const seen = sights.get(records) ?? new Map<string, Sight>()
  sights.set(records, seen)
  let sight = seen.get(key)
  if (sight?.version !== version) seen.set(key, (sight = { version, since: performance.now() }))
  const isFresh = Math.abs(Date.now() - alive) < LEASE
  while (performance.now() - sight.since < LEASE) {
    if (isFresh) return false
    await new Promise((resolve) => setTimeout(resolve, LOOK))
    if ((await records.get(key))?.version !== version) return false
  }
  seen.delete(key)
  return true
}
