// What the stores of @postern/postgres and @postern/mysql share. Each of the two packages has its own SQL statements;
// these functions run the statements in the right order.
import type { MaybePromise } from '../../basics/maybe.ts'
import { isA, isWebhookError, WebhookError } from '../../errors.ts'
import type { LaneRow } from './row.ts'
import { driverText, hashOf, hasCode } from './server.ts'
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

/** Maximum duration of an update of the tables, in milliseconds. */
export const MIGRATION_TIME = 60_000
/**
 * Milliseconds without a sign of life after which a process counts as ended. A process gives a sign every ten seconds.
 */
export const GONE_AFTER = 60_000

/** How {@link migrateServer} may change the tables. */
export interface ServerMigration {
  readonly migrate: boolean
  /** True to update although active processes could not use the updated tables. @default false */
  readonly force?: boolean
  /** True to throw if tables are missing or older. @default false */
  readonly readOnly?: boolean
}

/**
 * Returns the layout of a package `@postern/<name>`. `place` names the database or schema in errors, and `option` is
 * the option that selects it.
 */
export function serverLayout(
  name: string,
  place: string,
  option: string | undefined,
  steps: Layout<string>['steps'],
): Layout<string> {
  const called = `migrate({ connectionString, ${option}, force: true }) of @postern/${name}`
  return {
    inbox: `${name}Inbox`,
    package: `@postern/${name}`,
    place,
    steps,
    force: option === undefined ? `postern inbox migrate --force --${name} <url>` : called,
  }
}

/** Statements for {@link migrateServer}. If `versions` gets no `sql`, it uses a separate connection. */
interface MigrationSteps<Sql> {
  /**
   * Reads the versions. Both are 0 if there are no tables. Throws a `TypeError` for tables that another role or app may
   * have made.
   */
  versions(sql?: Sql): Promise<Versions>
  /** Calls `run` while no other process can change the tables. */
  locked(run: (sql: Sql) => Promise<Migrated>): Promise<Migrated>
  /** Returns the versions of active processes. */
  living(sql: Sql): Promise<readonly { readonly version: number }[]>
  /** Returns the statements that update the tables from a version to the latest. */
  statements(from: number): readonly string[]
  run(sql: Sql, statement: string): Promise<unknown>
  /** Returns the call that prints the statements from a version, to be shown in an error. */
  printedBy(from: number): string
}

/**
 * Makes the tables, or updates tables of an older version.
 *
 * @throws {TypeError} If the tables reject this version, or if `migrate` is false and the tables are missing or older.
 * Without `force`, also if the update would shut out active processes.
 */
export async function migrateServer<Sql>(
  layout: Layout<string>,
  options: ServerMigration,
  steps: MigrationSteps<Sql>,
): Promise<Migrated> {
  const found = await steps.versions()
  if (options.readOnly) checkReadable(layout, found)
  if (!migrationOf(layout, found)) return { from: found, to: found }
  if (!options.migrate)
    throw new TypeError(
      `${layout.inbox}: migrate: the tables postern_* of ${layout.place} are missing or of another version, and this package needs version ${layout.steps.length}; run the SQL that ${steps.printedBy(found.version)} returns, or start once with migrate: true`,
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
 * Returns the statements that update the tables from version `from` to the latest. `first` are the statements that make
 * the table of versions, and `where` is the condition for its row.
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

/** Statements for {@link createMembership}. */
interface MembershipSteps {
  open(): Promise<unknown>
  /**
   * Stores the row of this process, and returns the number of the process. `mark` is a random number that identifies
   * the row.
   */
  join(mark: number): Promise<number>
  /**
   * Renews the sign of life of process `own` if the last sign is ten seconds old. `beat` is the number of signs of life
   * so far, or null if the row no longer exists.
   */
  sign(own: number, mark: number): Promise<Versions & { readonly beat: number | null }>
  versions(): Promise<Versions>
}

/** The membership of this process: its row in the tables, with the number and the signs of life of the process. */
interface Membership {
  readonly open: Store['open']
  readonly alive: NonNullable<Store['alive']>
  /** The number of this process. It is 0 before `open`, and in a read-only inbox. */
  readonly own: number
  readonly opened: boolean
}

/**
 * Makes a {@link Membership}. `open` stores the row of this process. `alive` renews the time in that row, and checks
 * whether the tables were restored to an earlier state.
 */
export function createMembership(
  layout: Layout<string>,
  { readOnly }: { readonly readOnly: boolean },
  back: Back,
  steps: MembershipSteps,
): Membership {
  let own = 0
  let opened = false
  // Identifies the row of this process. After a restore, another process may have the same number, but with another
  // mark.
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

/** A lane (a name of a subscription) with its root: the number that all names of the subscription share. */
export interface RootedLane extends LaneRow {
  readonly root: number
}

/** Statements for {@link createLaneTable}. */
interface LaneSteps<Sql> {
  /** Returns the existing lanes with these names. If `sql` is not given, runs on a separate connection. */
  read(receiver: string, names: readonly string[], sql?: Sql): Promise<readonly RootedLane[]>
  /** Calls `run` in a transaction, while no other process can make lanes. */
  locked(run: (sql: Sql) => Promise<readonly RootedLane[]>): MaybePromise<readonly RootedLane[]>
  add(sql: Sql, receiver: string, names: readonly string[]): Promise<unknown>
  join(sql: Sql, receiver: string, root: number, others: readonly number[]): Promise<unknown>
  /** Sets the root of open tasks to the current root of their lane. */
  reroot(sql: Sql): Promise<unknown>
}

/** Makes `Store.lanes`. If lanes of one subscription have different roots, all of them get the lowest root. */
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
 * Takes guards (keys that only one event may hold) with `take`, which returns the hash of the event that holds each
 * key. Returns the entries of `wanted` whose guard now belongs to their event.
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

/** Returns the hash that names a guard in the tables. */
export function guardHash({ key, event }: Guarded): string {
  return hashOf(event.receiver, `guard ${key}`)
}

/** The parts of a package with which a driver's errors are classified. */
interface ErrorReader {
  readonly inbox: string
  /** The name of the server in messages. */
  readonly server: string
  /** The codes of conflicts with other transactions, and the members of an error that may contain a code. */
  readonly conflicts: { readonly codes: ReadonlySet<string>; readonly members: readonly string[] }
  /** Returns the class of an error that is neither a `TypeError` nor a conflict. */
  fault(error: unknown): StoreFault
  isFull(error: unknown): boolean
  /** Returns cause and remedy in words, if the error's code is known. */
  reason(error: unknown, message: string): string | undefined
}

/** Methods that classify and convert the errors of a driver. */
export interface ServerErrors {
  readonly fault: Store['fault']
  readonly rejection: Store['rejection']
  /** Returns the error for an operation (`what`) that did not end within `time` milliseconds. */
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
