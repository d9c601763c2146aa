import { WebhookError } from '../../errors.ts'
import { type MaybePromise, chain } from '../../basics/maybe.ts'
import { unref } from '../../basics/deadline.ts'

/**
 * Checks whether this process may still use its store. If the store is updated to a newer version, older processes can
 * be shut out.
 */
export interface VersionWatch {
  /** Returns why the process must not use the store, or undefined if the process may use it. */
  readonly rejected: () => string | undefined
  /** Returns true if the process may use the store, and has asked the store not long ago. */
  readonly sure: () => boolean
  /**
   * Asks the store whether this process may use it, and renews the sign of life of this process. Does nothing before
   * `start`.
   */
  look(): MaybePromise<void>
  /** Throws if the process is shut out. Asks the store first if the last answer is old. */
  check(): MaybePromise<void>
  /** Starts to ask the store. Called once the store is open. */
  start(): void
  stop(): void
}

// In milliseconds. An idle process asks the store every LOOK, and never twice within AGAIN. An answer is valid only for
// VALID, since a process can be paused.
const LOOK = 5000
const VALID = 15_000
const AGAIN = 1000

/**
 * Makes a {@link VersionWatch}. `alive` asks the store why this process must not use it. If nothing can shut this
 * process out, `alive` is undefined. `changed` is called when the process is shut out, and when it may use the store
 * again. If `often` is false, there is no timer: the process asks only before deliveries and while tasks run.
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
  let asked = -Infinity
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
      // If asking fails here, the next delivery asks again.
      timer ??= unref(setInterval(() => void (async () => look())().catch(() => {}), LOOK))
    },
    stop() {
      started = false
      clearInterval(timer)
      timer = undefined
    },
  }

  function isSure(): boolean {
    if (!alive) return true
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

/** Throws if this process is shut out. Does not ask the store. */
export function rejectIfShut(rejected: string | undefined): void {
  if (rejected !== undefined) throw new WebhookError('inbox_unavailable', rejected)
}

/** The version of a store, and the oldest version whose processes may use the store. Both are 0 for an empty store. */
export interface Versions {
  readonly version: number
  readonly oldest: number
}

/** A step of a layout (the tables of a store), from one version to the next. */
export interface LayoutStep<Change> {
  readonly change: Change
  /**
   * The oldest version whose processes may keep running after this step.
   * @default unchanged: the step is additive
   */
  readonly oldest?: number
}

/** The layout of a package's store. Its version is the number of its steps. */
export interface Layout<Change> {
  /** The name of the inbox in errors. */
  readonly inbox: string
  readonly package: string
  /** The name of the store in errors. */
  readonly place: string
  readonly steps: readonly LayoutStep<Change>[]
  /** The command that migrates without the check for active older processes. */
  readonly force: string
}

/** The steps that bring a store up to date. */
export interface Migration<Change> {
  readonly changes: readonly Change[]
  readonly to: Versions
}

/** The result of a migration. */
export interface Migrated {
  readonly from: Versions
  readonly to: Versions
}

/**
 * Returns why a process with this layout must not use a store, or undefined if the process may use it.
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
 * Returns the migration of a store to this layout, or undefined if no change is needed. A store with a newer version
 * stays as it is. Throws a `TypeError` if the newer version does not allow processes with this layout.
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
 * Throws a `TypeError` if a read-only inbox cannot read a store, because the store does not exist or needs a migration.
 *
 * @example
 * if (settings.readOnly) checkReadable(layout, versions())
 */
export function checkReadable(layout: Layout<unknown>, stored: Versions): void {
  if (!migrationOf(layout, stored)) return
  const { inbox, place, steps } = layout
  throw new TypeError(
    stored.version === 0
      ? `${inbox}: ${place} holds no inbox; give the database or file that the receivers use`
      : `${inbox}: ${place} has version ${stored.version}, and this process reads version ${steps.length}; start the app once, or run postern inbox migrate`,
  )
}

/**
 * Throws a `TypeError` if a migration would shut out active processes. `living` are the versions of active processes.
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
  // Processes with a version below `stored.oldest` are shut out already.
  const old = living.filter((version) => version >= stored.oldest && version < to.oldest)
  if (old.length === 0) return
  throw new TypeError(
    `${layout.inbox}: version ${to.version} of ${layout.place} requires every process to run version ${to.oldest} or later, but ${old.length === 1 ? `a process with version ${old[0]} is still active. Stop it first. If it no longer runs, run` : `${old.length} processes with version ${Math.min(...old)} or later are still active. Stop them first. If they no longer run, run`} ${layout.force}`,
  )
}
