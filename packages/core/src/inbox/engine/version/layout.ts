/** The version of what is stored, and the oldest version whose processes may work on it. Nothing is stored yet: both 0. */
export interface Versions {
  readonly version: number
  readonly oldest: number
}

/** A step of a layout, to its version from the one before. */
export interface LayoutStep<Change> {
  readonly change: Change
  /** The oldest version whose processes may go on beside it. @default as before: the step is additive */
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
  /** What a person runs if the processes that are in the way are known to be gone. */
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
  return `${inbox}: ${place} has version ${stored.version}, on which processes of version ${stored.oldest} and later may work, and this one has ${steps.length}: it takes no deliveries and runs no tasks; upgrade ${layout.package} in this process`
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
 * Throws a `TypeError` if a migration shuts out processes that give signs of life; `living` are their versions.
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
    `${layout.inbox}: ${layout.place} needs version ${to.oldest} or later of each process from version ${to.version} on, and ${old.length === 1 ? `a process of version ${old[0]} gives` : `${old.length} processes of version ${Math.min(...old)} and later give`} signs of life: stop what is older first; if it is known to be gone, run ${layout.force}`,
  )
}
