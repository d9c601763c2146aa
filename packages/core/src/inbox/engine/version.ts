import { WebhookError } from '../../errors.ts'
import { type MaybePromise, chain } from '../../basics/maybe.ts'
import { unref } from '../../basics/deadline.ts'

/** Whether this process may still work on its store: a newer version can shut it out while it runs. */
export interface VersionWatch {
  /** Why it must not; undefined if it may. */
  readonly rejected: () => string | undefined
  /** False if it must not, or has not asked for a while. */
  readonly sure: () => boolean
  /** Asks, and gives a sign of life; once it has started. */
  look(): MaybePromise<void>
  /** Throws if it must not. Asks first if it is not sure. */
  check(): MaybePromise<void>
  /** The store is there. */
  start(): void
  stop(): void
}

// How often a process asks that does not work, and how long an answer counts: a process can be paused, in milliseconds.
const LOOK = 5000
const VALID = 15_000
const AGAIN = 1000

/**
 * Makes it. `alive` asks the store why this process must not work on it; absent if nothing can shut it out. `changed` hears
 * when it is shut out, and when that is over. Without `often` it asks before deliveries and while tasks run, by no timer.
 *
 * @example
 * const versionWatch = createVersionWatch(() => shutOut(layout, versions()), (rejected) => warn(rejected))
 */
export function createVersionWatch(
  alive: (() => MaybePromise<string | undefined>) | undefined,
  changed: (rejected: string | undefined) => void,
  often = true,
): VersionWatch {
  let rejected: string | undefined
  let asked = alive ? -Infinity : Infinity
  let asking: Promise<void> | undefined
  let started = false
  let timer: ReturnType<typeof setInterval> | undefined

  return {
    rejected: () => rejected,
    sure: isSure,
    look,
    check() {
      if (isSure()) return
      if (performance.now() - asked < AGAIN) return rejectIfShut(rejected)
      return chain(look(), () => rejectIfShut(rejected))
    },
    start() {
      if (!alive) return
      started = true
      if (!often) return
      // What it cannot ask now it asks before the next delivery.
      timer ??= unref(setInterval(() => void (async () => look())().catch(() => {}), LOOK))
    },
    stop() {
      started = false
      clearInterval(timer)
      timer = undefined
    },
  }

  function isSure(): boolean {
    return rejected === undefined && performance.now() - asked < VALID
  }

  function look(): MaybePromise<void> {
    if (asking || !started) return asking
    const sent = performance.now()
    const told = chain(alive?.(), (found) => {
      if (alive) asked = sent
      const before = rejected
      rejected = found
      if (found !== before) changed(found)
    })
    if (!(told instanceof Promise)) return told
    asking = told.finally(() => (asking = undefined))
    return asking
  }
}

/** Throws if this process was told that it must not work on the store. It asks nobody. */
export function rejectIfShut(rejected: string | undefined): void {
  if (rejected !== undefined) throw new WebhookError('inbox_unavailable', rejected)
}

/** The version of what is stored, and the oldest version whose processes may work on it. Nothing is stored yet: both 0. */
export interface Versions {
  readonly version: number
  readonly oldest: number
}

/** A step of a layout, to its version from the one before. */
export interface LayoutStep<Change> {
  readonly change: Change
  /** The oldest version whose processes may continue next to it. @default as before: the step is additive */
  readonly oldest?: number
}

/** The layout that a package makes: its version is the number of its steps. */
export interface Layout<Change> {
  /** As in errors: the name of the inbox. */
  readonly inbox: string
  readonly package: string
  /** The store in words. */
  readonly place: string
  readonly steps: readonly LayoutStep<Change>[]
  /** What a person runs if the older processes no longer run. */
  readonly force: string
}

/** What brings a store up to date. */
export interface Migration<Change> {
  readonly changes: readonly Change[]
  /** Of the store after it. */
  readonly to: Versions
}

/** What a migration found and left. */
export interface Migrated {
  readonly from: Versions
  readonly to: Versions
}

/**
 * Why a process of this layout must not work on a store; undefined if it may.
 *
 * @example
 * const rejected = shutOut(layout, { version: 3, oldest: 2 })
 */
export function shutOut(layout: Layout<unknown>, stored: Versions): string | undefined {
  const { inbox, place, steps } = layout
  if (stored.oldest <= steps.length) return undefined
  return `${inbox}: ${place} has version ${stored.version}, which requires processes with version ${stored.oldest} or later, but this process has version ${steps.length}. It accepts no deliveries and runs no tasks; upgrade ${layout.package} in this process`
}

/**
 * Undefined if there is nothing to do: a newer version that lets this one work stays. Throws a `TypeError` if it does not.
 *
 * @example
 * for (const statements of migrationOf(layout, stored)?.changes ?? []) db.exec(statements)
 */
export function migrationOf<Change>(
  layout: Layout<Change>,
  stored: Versions,
): Migration<Change> | undefined {
  const rejected = shutOut(layout, stored)
  if (rejected !== undefined) throw new TypeError(rejected)
  const version = layout.steps.length
  if (stored.version >= version) return undefined
  const steps = layout.steps.slice(stored.version)
  const oldest = Math.max(1, stored.oldest, ...steps.map((step) => step.oldest ?? 0))
  return { changes: steps.map(({ change }) => change), to: { version, oldest } }
}

/**
 * Throws a `TypeError` if an inbox that only reads cannot read a store: there is none, or it has another version.
 *
 * @example
 * if (settings.readOnly) checkReadable(layout, versions())
 */
export function checkReadable(layout: Layout<unknown>, stored: Versions): void {
  if (!migrationOf(layout, stored)) return
  const { inbox, place, steps } = layout
  throw new TypeError(
    stored.version === 0
      ? `${inbox}: ${place} holds no inbox; give the place that the receivers have`
      : `${inbox}: ${place} has version ${stored.version}, and this process reads version ${steps.length}; start the app once, or run postern inbox migrate`,
  )
}

/**
 * Throws a `TypeError` if a migration shuts out processes that are still active; `living` are their versions.
 *
 * @example
 * if (!force) checkLiving(layout, migration, stored, living())
 */
export function checkLiving(
  layout: Layout<unknown>,
  { to }: Migration<unknown>,
  stored: Versions,
  living: readonly number[],
): void {
  // Some may be shut out already.
  const old = living.filter((version) => version >= stored.oldest && version < to.oldest)
  if (old.length === 0) return
  throw new TypeError(
    `${layout.inbox}: version ${to.version} of ${layout.place} requires every process to run version ${to.oldest} or later, but ${old.length === 1 ? `a process with version ${old[0]} is still active. Stop it first. If it no longer runs, run` : `${old.length} processes with version ${Math.min(...old)} or later are still active. Stop them first. If they no longer run, run`} ${layout.force}`,
  )
}
