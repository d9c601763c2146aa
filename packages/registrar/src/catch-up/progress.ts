import { createHash, randomUUID } from 'node:crypto'
import { WebhookError, type Json } from '@postern/core'
import { unref } from '@postern/core/internal'
import type { Records } from '@postern/core/inbox'
import { isOver } from './holder.ts'

const BEAT = 3000

/** Which events a run is for. Only a run with equal `what` continues where another one stopped. */
interface Aim {
  readonly since: number
  readonly until: number
  readonly all: boolean
  /** The topics that are wanted. */
  readonly topics: readonly string[]
}

/** The last event that was settled. Events are in the order of `at`, then of `id`. */
export interface ProgressMark {
  readonly at: number
  readonly id: string
}

/** The stored progress of one account, held by one process at a time. */
export interface Progress {
  /** Where an earlier run stopped. */
  readonly from: ProgressMark | undefined
  /** True if the run that was cut off had asked the sender for events that it never tried to deliver. */
  readonly untried: boolean
  /** Aborts when another process has it. */
  readonly lost: AbortSignal
  /** An event is settled: its place is stored with the next sign of life, at the end, or by `save`. */
  reached(place: ProgressMark): void
  save(): Promise<void>
  asked(): Promise<void>
  /** All is done: the next run starts from its own `since`. */
  finish(): Promise<void>
  /** Lets another process continue. It never rejects: the lease ends by itself. */
  release(): Promise<void>
}

interface Stored {
  readonly owner: string
  /** Last sign of life, in milliseconds since 1970 on the machine's clock, for people; 0 if nobody has it. */
  readonly alive: number
  readonly since: number
  readonly until: number
  readonly all: boolean
  readonly topics: string
  readonly place: ProgressMark | null
  readonly untried: boolean
  readonly ended: boolean
}

/** The key of an account's progress. */
export function progressKey(...parts: readonly (string | null)[]): string {
  return `catch-up:${JSON.stringify(parts)}`
}

/** The last run of an account, for a start that continues where it stopped. */
export async function lastRun(
  records: Records,
  key: string,
): Promise<{ readonly until: number; readonly stoppedAt: number | undefined } | undefined> {
  const stored = (await records.get(key))?.value as Stored | undefined
  if (stored === undefined) return undefined
  const { until, since, place, ended } = stored
  return { until, stoppedAt: ended ? undefined : (place?.at ?? since) }
}

/** Takes the progress of an account. Throws `in_progress` while another process has it. */
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
    // What an earlier run settled before `since` is not a place to continue from.
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

  /** Changes one after another: each needs the version that the one before made. */
  function write(change: Partial<Stored>): Promise<void> {
    const next = async (): Promise<void> => {
      if (lost.signal.aborted) return
      state = { ...state, alive: Date.now(), ...change }
      if (await stored()) return
      // The answer to an earlier write may have been lost: the record is then ours, with a newer version.
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
