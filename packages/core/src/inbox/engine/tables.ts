// Rules of stores with tables on a database server. Each package has the statements; these functions order them.
import type { MaybePromise } from '../../basics/maybe.ts'
import { isA, isWebhookError, WebhookError } from '../../errors.ts'
import type { ArrivalRow } from './journal/store.ts'
import type { LaneRow } from './row.ts'
import { driverText, hashOf, hasCode, storable } from './server.ts'
import type { Back, Guarded, Store, StoreFault } from './store.ts'
import {
  checkLiving,
  checkReadable,
  migrationOf,
  shutOut,
  type Layout,
  type Migrated,
  type Versions,
} from './version.ts'

/** Statements of {@link migrateServer}. Without `sql` they run on a separate connection. */
interface MigrationSteps<Sql> {
  /** Reads the versions; both are 0 without tables. Throws a `TypeError` for tables that another role or app may have made. */
  versions(sql?: Sql): Promise<Versions>
  /** Runs while no other process changes the tables. */
  locked(run: (sql: Sql) => Promise<Migrated>): Promise<Migrated>
  /** Returns the versions of active processes. */
  living(sql: Sql): Promise<readonly { readonly version: number }[]>
  /** Returns the statements from a version to the latest. */
  statements(from: number): readonly string[]
  run(sql: Sql, statement: string): Promise<unknown>
  /** Returns the call that prints these statements. */
  printedBy(from: number): string
}

/**
 * Makes the tables, or updates those of an older version.
 *
 * @throws {TypeError} If the tables reject this version, if `migrate` is false and they are missing or older, or, without
 * `force`, if the update would shut out processes that are still active.
 */
export async function migrateServer<Sql>(
  layout: Layout<string>,
  options: {
    readonly migrate: boolean
    readonly force?: boolean
    /** Throws if tables are missing or older. @default false */
    readonly readOnly?: boolean
  },
  steps: MigrationSteps<Sql>,
): Promise<Migrated> {
  const found = await steps.versions()
  if (options.readOnly) checkReadable(layout, found)
  if (!migrationOf(layout, found)) return { from: found, to: found }
  if (!options.migrate)
    throw new TypeError(
      `${layout.inbox}: migrate: the tables postern_* of ${layout.place} are missing or of another version, and this package needs version ${layout.steps.length}: run what ${steps.printedBy(found.version)} prints, or start once with migrate: true`,
    )
  return steps.locked(async (sql) => {
    const from = await steps.versions(sql)
    const migration = migrationOf(layout, from)
    if (!migration) return { from, to: from }
    if (from.version > 0 && options.force !== true) {
      const living = await steps.living(sql)
      checkLiving(
        layout,
        migration,
        from,
        living.map(({ version }) => version),
      )
    }
    for (const statement of steps.statements(from.version)) await steps.run(sql, statement)
    return { from, to: migration.to }
  })
}

/**
 * Returns the statements from a version to the latest. `first` makes the table of versions, and `where` names its row.
 */
export function migrationStatements(
  layout: Layout<string>,
  from: number,
  first: readonly string[],
  where = '',
): readonly string[] {
  const migration = migrationOf(layout, { version: from, oldest: 0 })
  if (!migration) return []
  const { version, oldest } = migration.to
  return [
    ...(from === 0 ? first : []),
    ...migration.changes
      .flatMap((change) => change.split(';'))
      .filter((part) => part.trim() !== ''),
    `UPDATE $.postern_schema SET version = ${version}, oldest = GREATEST(oldest, ${oldest})${where}`,
  ]
}

/** Statements of {@link createMembership}. */
interface MembershipSteps {
  /** Makes or checks the tables. */
  open(): Promise<unknown>
  /** Makes the row of this process, and returns its number. */
  join(mark: number): Promise<number>
  /**
   * Renews the sign of life if the last one is ten seconds old. `beat` is the number of signs so far; null if the row
   * is gone.
   */
  sign(own: number, mark: number): Promise<Versions & { readonly beat: number | null }>
  versions(): Promise<Versions>
}

/** The row of this process in the tables. */
interface Membership {
  readonly open: Store['open']
  readonly alive: NonNullable<Store['alive']>
  /** The number of this process; 0 before `open`, and for a read-only inbox. */
  readonly own: number
  readonly opened: boolean
}

/**
 * Makes the row of this process on `open`. Each sign of life shows whether the tables were restored to an earlier
 * state.
 */
export function createMembership(
  layout: Layout<string>,
  { readOnly }: { readonly readOnly: boolean },
  back: Back,
  steps: MembershipSteps,
): Membership {
  let own = 0
  let opened = false
  // After a restore another process may have the same number, but its row has another mark.
  const mark = Math.floor(Math.random() * 2 ** 48)
  let beat = 0
  return {
    get own() {
      return own
    },
    get opened() {
      return opened
    },
    async open() {
      await steps.open()
      if (!readOnly) own = await steps.join(mark)
      beat = 0
      opened = true
      return own
    },
    async alive() {
      if (readOnly) return shutOut(layout, await steps.versions())
      const { beat: stored, ...versions } = await steps.sign(own, mark)
      if (opened && (stored === null || stored < beat)) {
        opened = false
        back(
          `${layout.inbox}: ${layout.place} was restored to an earlier state while this process had it open. Claims of this process are dropped; it continues with what the tables hold now`,
        )
      } else beat = stored ?? 0
      return shutOut(layout, versions)
    },
  }
}

/** A lane with the number that all names of its subscription share. */
export interface RootedLane extends LaneRow {
  readonly root: number
}

/** Statements of {@link createLaneTable}. */
interface LaneSteps<Sql> {
  /** Returns the lanes of these names that exist. Without `sql` it runs on a separate connection. */
  read(receiver: string, names: readonly string[], sql?: Sql): Promise<readonly RootedLane[]>
  /** Runs in a transaction while no other process makes lanes. */
  locked(run: (sql: Sql) => Promise<readonly RootedLane[]>): MaybePromise<readonly RootedLane[]>
  add(sql: Sql, receiver: string, names: readonly string[]): Promise<unknown>
  join(sql: Sql, receiver: string, root: number, others: readonly number[]): Promise<unknown>
  /** Gives open tasks the current root of their lane. */
  reroot(sql: Sql): Promise<unknown>
}

/** Makes `Store.lanes`: lanes of one subscription with different roots join the first. */
export function createLaneTable<Sql>(steps: LaneSteps<Sql>): Store['lanes'] {
  return async (receiver, wanted) => {
    const names = [...new Set(wanted.flat())]
    let rows = await steps.read(receiver, names)
    if (rows.length < names.length || joinable(wanted, rows).length > 0)
      rows = await steps.locked(async (sql) => {
        const known = new Set((await steps.read(receiver, names, sql)).map(({ name }) => name))
        const fresh = names.filter((name) => !known.has(name))
        if (fresh.length > 0) await steps.add(sql, receiver, fresh)
        const all = await steps.read(receiver, names, sql)
        const found = joinable(wanted, all)
        for (const { root, others } of found) await steps.join(sql, receiver, root, others)
        if (found.length > 0) await steps.reroot(sql)
        return all
      })
    return rows.map(({ lane, name }) => ({ lane, receiver, name }))
  }
}

function joinable(
  wanted: readonly (readonly string[])[],
  rows: readonly RootedLane[],
): readonly { readonly root: number; readonly others: readonly number[] }[] {
  const roots = new Map(rows.map(({ name, root }) => [name, root]))
  return wanted.flatMap((group) => {
    const [root, ...others] = [...new Set(group.flatMap((name) => roots.get(name) ?? []))].sort(
      (a, b) => a - b,
    )
    return others.length > 0 ? { root: root!, others } : []
  })
}

/**
 * Takes guards with `take`, which returns the holder of each key as a hash. Returns the guards that their event holds.
 */
export async function takeGuards(
  wanted: readonly Guarded[],
  take: (
    own: readonly { readonly key: string; readonly event: string }[],
  ) => Promise<ReadonlyMap<unknown, unknown>>,
): Promise<ReadonlySet<Guarded>> {
  const own = wanted.map((one) => ({
    one,
    key: guardHash(one),
    event: hashOf(one.event.receiver, one.event.event.key),
  }))
  const holders = await take(own)
  return new Set(own.flatMap(({ one, key, event }) => (holders.get(key) === event ? one : [])))
}

/** Returns the name of a guard in a table. */
export function guardHash({ key, event }: Guarded): string {
  return hashOf(event.receiver, `guard ${key}`)
}

/** Throws a `TypeError` for the key of a record that the database would store as another text. */
export function checkRecordKey(inbox: string, name: 'key' | 'prefix', text: string): string {
  if (storable(text) === text) return text
  throw new TypeError(
    `${inbox}: records: ${name} must be text without U+0000 and without half of a surrogate pair; encode it, as JSON does`,
  )
}

/** A row of `postern_arrivals`, as drivers return it. */
export interface StoredArrival extends Omit<ArrivalRow, 'ring' | 'kept'> {
  readonly strangers: boolean
  readonly source?: string | null
  readonly head?: string
  readonly body?: Uint8Array
}

/** The row as the journal reads it. */
export function readArrival({ source, head, body, strangers, ...row }: StoredArrival): ArrivalRow {
  return {
    ...row,
    ring: strangers ? 'strangers' : 'verified',
    ...(source != null && { kept: { source, head: head!, body: body! } }),
  }
}

/** How errors of a driver are classified. */
interface ErrorReader {
  readonly inbox: string
  /** The name of the server in messages. */
  readonly server: string
  /** Codes of conflicts with other transactions, and the members of an error in which they are. */
  readonly conflicts: { readonly codes: ReadonlySet<string>; readonly members: readonly string[] }
  /** Classifies any other error. */
  fault(error: unknown): StoreFault
  isFull(error: unknown): boolean
  /** Returns cause and remedy in words, if the code is known. */
  reason(error: unknown, message: string): string | undefined
}

/** Classification of a driver's errors. */
export interface ServerErrors {
  readonly fault: Store['fault']
  readonly rejection: Store['rejection']
  /** Returns the error after a deadline of so many milliseconds. */
  readonly late: (what: string, time: number) => WebhookError
}

export function createServerErrors(reader: ErrorReader): ServerErrors {
  const { inbox, server, conflicts } = reader
  return {
    fault(error) {
      if (isA(error, TypeError)) return 'lasting'
      if (hasCode(error, conflicts.codes, conflicts.members)) return 'again'
      return reader.fault(error)
    },
    rejection(error) {
      if (isWebhookError(error) || isA(error, TypeError)) return error
      const code = reader.isFull(error) ? 'inbox_full' : 'inbox_unavailable'
      const message = driverText(error)
      const reason = reader.reason(error, message)
      const text = reason === undefined ? message : `${reason} (${server} says: ${message})`
      return new WebhookError(code, `${inbox}: ${text}`, { cause: error })
    },
    late: (what, time) =>
      new WebhookError(
        'inbox_unavailable',
        `${inbox}: ${server} did not ${what} within ${Math.round(time)} ms`,
      ),
  }
}
