// Code for all inboxes on a database server. These inboxes differ only in their SQL.
import { createHash, hash } from 'node:crypto'
import { within } from '../../basics/deadline.ts'
import { errorText, isA, memberOf } from '../../errors.ts'
import type { ClockStep } from './operate/sweep.ts'
import { createSemaphore } from './semaphore.ts'
import type { TableSql } from './table-sql.ts'

/** A client is one connection. */
interface ClientPool<Client> {
  connect(): Promise<Client>
  /** Releases a client. If `failure` is given, its connection must be dropped. */
  release(client: Client, failure?: Error): void
  /** Calls `fail` when the connection breaks. Returns a function that stops watching. */
  watch(client: Client, fail: () => void): () => void
  /** Starts a transaction: one of the inbox, or one for `task.commit` with the isolation level that the app expects. */
  begin(client: Client, time: number, whose: 'inbox' | 'app'): Promise<unknown>
  end(client: Client, how: 'COMMIT' | 'ROLLBACK'): Promise<unknown>
  /** Returns true if the server sent the error about one statement. Then the connection can still be used. */
  isOfServer(error: unknown): boolean
  late(what: string, time: number): Error
  size(): number
  /** Called before each run. Returns a function: can the run be repeated after this error? @default never */
  attempt?(): (error: unknown) => boolean
}

/** Connections with a deadline for each use. A connection that does not respond by then is dropped. */
export interface Connections<Client> {
  use<T>(time: number, run: (client: Client) => Promise<T>): Promise<T>
  /** Runs `run` in a transaction, which is rolled back after `time` milliseconds unless COMMIT was sent. */
  atomic<T>(time: number, run: (client: Client) => Promise<T> | T): Promise<T>
  /** Runs a transaction for `task.commit`. At most half of the connections run such transactions at once. */
  commit<T>(time: number, run: (client: Client) => Promise<T> | T): Promise<T>
  checkout(time: number): Promise<Client>
}

/** Makes the connections of a pool. */
export function createConnections<Client>(pool: ClientPool<Client>): Connections<Client> {
  const commits = createSemaphore(() => Math.max(1, Math.floor(pool.size() / 2)))
  const giving = (time: number) => (): Error => pool.late('give a connection', time)

  return {
    use,
    checkout,
    atomic: (time, run) => transaction(time, 'inbox', run),
    async commit(time, run) {
      const until = performance.now() + time
      const place = Promise.resolve(commits.take())
      const free = await within(place, until, giving(time), (given) => given())
      try {
        return await transaction(until - performance.now(), 'app', run)
      } finally {
        free()
      }
    },
  }

  function transaction<T>(
    time: number,
    whose: 'inbox' | 'app',
    run: (client: Client) => Promise<T> | T,
  ): Promise<T> {
    return use(time, async (client) => {
      await pool.begin(client, time, whose)
      let result: T
      try {
        result = await run(client)
      } catch (error) {
        await pool.end(client, 'ROLLBACK')
        throw new RolledBack(error)
      }
      await pool.end(client, 'COMMIT')
      return result
    })
  }

  async function use<T>(time: number, run: (client: Client) => Promise<T>): Promise<T> {
    const until = performance.now() + time
    const isVoid = pool.attempt?.()
    try {
      return await once(time, run)
    } catch (error) {
      if (!isVoid?.(error)) throw error
      return once(until - performance.now(), run)
    }
  }

  async function once<T>(time: number, run: (client: Client) => Promise<T>): Promise<T> {
    const until = performance.now() + time
    const client = await checkout(time)
    let failure: Error | undefined
    // The error is only noted here, since the running statement also rejects when the connection breaks.
    const unwatch = pool.watch(client, () => void (failure ??= new Error('the connection broke')))
    try {
      return await within(run(client), until, () => pool.late('answer', time))
    } catch (error) {
      if (isA(error, RolledBack)) throw error.cause
      // After an error of a statement, the connection can be used again. After a deadline, the state of the connection
      // is unknown, so the connection is dropped.
      if (!pool.isOfServer(error)) failure = error as Error
      throw error
    } finally {
      unwatch()
      pool.release(client, failure)
    }
  }

  function checkout(time: number): Promise<Client> {
    return within(pool.connect(), performance.now() + time, giving(time), (client) =>
      pool.release(client),
    )
  }
}

/** Thrown after a successful rollback, so the connection can be used again. */
class RolledBack extends Error {
  constructor(cause: unknown) {
    super('rolled back', { cause })
  }
}

/** Runs a statement in an open transaction of the app, and returns its rows. */
export type RunSql = (text: string, values: unknown[]) => PromiseLike<unknown>

/** An open transaction of the app: a function that runs a statement in it, or the driver's connection. */
export type AppTransaction =
  | RunSql
  | { query(text: string, values: unknown[]): PromiseLike<unknown> }

/** Returns a function that runs statements in a transaction of the app. Throws a `TypeError` for any other value. */
export function guestOf(transaction: unknown, driver: string): RunSql {
  if (typeof transaction === 'function') return transaction as RunSql
  const client = transaction as { query?: RunSql } | undefined
  if (typeof client?.query === 'function') return (text, values) => client.query!(text, values)
  throw new TypeError(
    `inTransaction: must be a function (text, values) => rows, or ${driver} with an open transaction; see "Your ORM"`,
  )
}

/**
 * Runs statements in an interactive transaction of Prisma, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await prisma.$transaction(async (tx) => {
 *   await tx.payment.create({ data: { id: event.id } })
 *   await task.commit({ in: prismaSql(tx) })
 * })
 */
export function prismaSql(tx: {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => tx.$queryRawUnsafe(text, ...values)
}

/**
 * Runs statements in a transaction of TypeORM, for `inTransaction` and `task.commit({ in })`.
 *
 * @example
 * await dataSource.transaction(async (manager) => {
 *   await manager.insert(Payment, { id: event.id })
 *   await task.commit({ in: typeormSql(manager) })
 * })
 */
export function typeormSql(manager: {
  query(text: string, values: unknown[]): PromiseLike<unknown>
}): RunSql {
  return (text, values) => manager.query(text, values)
}

/**
 * Returns the rows of a statement that a library of the app has run. The library's result is an array of rows, `{ rows
 * }`, or an array whose first element is the array of rows.
 */
export function guestRows<Row>(result: unknown): readonly Row[] {
  const rows = Array.isArray(result) ? result : (result as { rows?: unknown } | undefined)?.rows
  if (!Array.isArray(rows))
    throw new TypeError(
      'inTransaction: the function must return the rows of the statement, as an array or as { rows }',
    )
  return (Array.isArray(rows[0]) ? rows[0] : rows) as Row[]
}

// Matches a lone surrogate: half of a surrogate pair without the other half.
const LONE = /\p{Cs}/u

/** Returns a hash of 128 bits in hexadecimal, under which a table can store a key of any length. */
export function hashOf(owner: string, key: string): string {
  const text = `${owner.length} ${owner} ${key}`
  // Texts with lone surrogates are hashed as UTF-16, since UTF-8 would encode all lone surrogates as the same bytes.
  const digest = !LONE.test(text) ? hash('sha256', text, 'hex') : digestOf(`!${text}`)
  return digest.slice(0, 32)
}

function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('hex')
}

/**
 * Returns a string that a text column can store. If the text has lone surrogates or U+0000, replaces these characters
 * and appends a hash of the text. So different texts stay different.
 */
export function storable(text: string): string {
  if (!LONE.test(text) && !text.includes('\0')) return text
  const digest = digestOf(text).slice(0, 32)
  return `${text.replaceAll(/\p{Cs}|\0/gu, '\ufffd')}\u{10fffe}${digest}`
}

/**
 * Compares the server's clock with the monotonic clock of this process, and stores jumps ahead. So no row ages and no
 * lease ends because of a jump. If the stored time is later than the clock, the clock has jumped back.
 */
interface ServerClock {
  /** Returns the time of the server in milliseconds since 1970. If the clock has jumped, handles the jump first. */
  read(): Promise<number>
  steps(): Promise<readonly ClockStep[]>
}

/** The parts of a clock that differ between database servers. */
interface ClockDialect<Sql> {
  /** The server's clock in milliseconds, constant within a statement. */
  readonly now: string
  /** The condition for the row of `postern_schema`, which has the time that was stored last. */
  readonly row: string
  readonly atomic: (run: (within: TableSql, sql: Sql) => Promise<void>) => Promise<void>
  /** Extends leases that end after `clock` by `longer` milliseconds, but to at most one whole lease from now. */
  readonly extend: (sql: Sql, clock: number, longer: number) => Promise<unknown>
}

// Both in milliseconds. The stored server time is renewed once it is older than STORE. If no process ran for some time,
// at most GAP of this time counts as real.
const STORE = 10_000
const GAP = 3_600_000

/** Makes a {@link ServerClock}. `lease` is in milliseconds. */
export function createServerClock<Sql>(
  sql: TableSql,
  { now: clockOfServer, row, atomic, extend }: ClockDialect<Sql>,
  lease: number,
): ServerClock {
  // Minimum length of a jump that is handled, in milliseconds. Shorter jumps end no lease.
  const least = Math.min(1000, lease / 4)
  let known: { readonly time: number; readonly at: number } | undefined

  return {
    async read() {
      const sent = performance.now()
      const { now, clock } = await timesOf(sql)
      const got = performance.now()
      if (clock > now) await back()
      else await follow(now, clock, got)
      known = { time: now, at: sent }
      return now
    },
    async steps() {
      const rows = await sql.rows<{ at: number; unseen: number }>(
        () => 'SELECT at, unseen FROM $.postern_steps',
      )
      return rows.map(({ at, unseen }) => ({
        at: Number(at),
        unseen: Number(unseen),
        unseenByGuards: Number(unseen),
      }))
    },
  }

  async function follow(now: number, clock: number, got: number): Promise<void> {
    const gap = known ? now - known.time - (got - known.at) : now - clock
    // `gap` is time that no process has measured. If `known` is missing, the gap began before this process started.
    // Other processes may have run in that time, so leases are extended by less.
    const unseen = known ? gap : gap - GAP
    const longer = known ? gap : gap - STORE - lease / 3
    if (longer >= least || unseen >= least)
      await ahead(Math.max(0, Math.floor(unseen)), Math.max(0, Math.floor(longer)))
    else if (now - clock >= STORE) await store(sql, now)
  }

  /**
   * Handles a jump ahead of the server's clock, if no other process has done so. `unseen` milliseconds of the jump do
   * not count toward the age of rows. Leases are extended by `longer` milliseconds.
   */
  function ahead(unseen: number, longer: number): Promise<void> {
    return atomic(async (within, own) => {
      const { now, clock } = await timesOf(within, `WHERE ${row} FOR UPDATE`)
      const step = clock === 0 ? unseen : Math.min(unseen, now - clock)
      if (clock > 0 && step >= 1000)
        await within.add('steps', ['at', 'unseen'], ({ whole }) => `${whole(now)}, ${whole(step)}`)
      const more = Math.min(longer, now - clock)
      if (more > 0) await extend(own, clock, more)
      await store(within, now)
    })
  }

  /** Handles a jump back to before the stored time. Shortens the stored jumps ahead by the time that is undone. */
  function back(): Promise<void> {
    return atomic(async (within) => {
      const { now, clock } = await timesOf(within, `WHERE ${row} FOR UPDATE`)
      if (clock <= now) return
      await within.change(
        ({ whole }) =>
          `UPDATE $.postern_steps SET at = ${whole(now)}, unseen = GREATEST(0, unseen - ${whole(clock - now)}) WHERE at > ${whole(now)}`,
      )
      await store(within, now, '>')
    })
  }

  async function timesOf({ rows }: TableSql, which = ''): Promise<Record<'now' | 'clock', number>> {
    const [times] = await rows<{ now: number; clock: number }>(
      () => `SELECT ${clockOfServer} AS now, clock FROM $.postern_schema ${which}`,
    )
    return { now: Number(times!.now), clock: Number(times!.clock) }
  }

  function store({ change }: TableSql, time: number, than = '<'): Promise<number> {
    return change(
      ({ whole }) =>
        `UPDATE $.postern_schema SET clock = ${whole(time)} WHERE ${row} AND clock ${than} ${whole(time)}`,
    )
  }
}

/** Returns true if an error, or a nested one, has one of `codes` in one of the members `names`. */
export function hasCode(
  error: unknown,
  codes: ReadonlySet<string>,
  names: readonly string[],
): boolean {
  const found = new Set([error])
  for (const at of found) {
    if (names.some((name) => codes.has(codeText(memberOf(at, name))))) return true
    for (const name of WITHIN) {
      for (const each of listOf(memberOf(at, name))) if (found.size < MOST) found.add(each)
    }
  }
  return false
}

// Members in which errors contain other errors, including errors of Sequelize, TypeORM, Objection and Prisma.
const WITHIN = [
  'cause',
  'errors',
  'parent',
  'driverError',
  'nativeError',
  'meta',
  'driverAdapterError',
]
// Maximum number of nested errors that are checked.
const MOST = 50

function codeText(code: unknown): string {
  return typeof code === 'string' || typeof code === 'number' ? String(code) : ''
}

function listOf(inner: unknown): readonly unknown[] {
  try {
    return Array.isArray(inner) ? [...(inner as unknown[])] : [inner]
  } catch {
    return []
  }
}

/** Returns the text of a driver's error. An `AggregateError` contains one error for each address of the server. */
export function driverText(error: unknown): string {
  if (isA(error, AggregateError))
    return listOf(memberOf(error, 'errors')).map(driverText).join('; ')
  return errorText(error)
}
