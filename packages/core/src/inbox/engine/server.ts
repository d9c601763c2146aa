// What stores on a database server have in common: SQL differs, and this does not.
import { createHash, hash } from 'node:crypto'
import { within } from '../../basics/deadline.ts'
import { errorText, isA, memberOf } from '../../errors.ts'
import type { ClockStep } from './operate/sweep.ts'
import { createSemaphore } from './semaphore.ts'
import type { ActionRow, Journaled, Span, SpanKey, SpanKind } from './journal/store.ts'
import type { ContentsRow, Viewed } from './operate/store.ts'

/** The clients of a driver's pool, as {@link createConnections} uses them. */
interface ClientPool<Client> {
  connect(): Promise<Client>
  /** Releases a client. After a failure its connection must be dropped. */
  release(client: Client, failure?: Error): void
  /** Calls `fail` when the connection breaks. Returns what ends that. */
  watch(client: Client, fail: () => void): () => void
  /** Starts a transaction: one of the inbox, or one in which the app writes, in its own isolation level. */
  begin(client: Client, time: number, whose: 'inbox' | 'app'): Promise<unknown>
  end(client: Client, how: 'COMMIT' | 'ROLLBACK'): Promise<unknown>
  /** True for an error that the server sent about one statement: the connection is as good as before. */
  isOfServer(error: unknown): boolean
  /** The error after a deadline. */
  late(what: string, time: number): Error
  /** How many clients the pool may have. */
  size(): number
  /** Called before each run: the result says of an error that nothing has happened, and that it is to be done again. @default never */
  attempt?(): (error: unknown) => boolean
}

/** Connections with a deadline for everything: one that hangs is dropped. */
export interface Connections<Client> {
  /** Runs with a connection. */
  use<T>(time: number, run: (client: Client) => Promise<T>): Promise<T>
  /** Runs in a transaction. After `time` milliseconds it is rolled back, unless its COMMIT was already sent. */
  atomic<T>(time: number, run: (client: Client) => Promise<T> | T): Promise<T>
  /** The same for what the app writes. It leaves connections for all else. */
  commit<T>(time: number, run: (client: Client) => Promise<T> | T): Promise<T>
  /** A client to keep. */
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
    // The running statement rejects with the same error.
    const unwatch = pool.watch(client, () => void (failure ??= new Error('the connection broke')))
    try {
      return await within(run(client), until, () => pool.late('answer', time))
    } catch (error) {
      if (isA(error, RolledBack)) throw error.cause
      // An error of a statement leaves its connection usable; after a deadline its state is unknown.
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

/** After its cause the transaction was rolled back in order, and its connection is good. */
class RolledBack extends Error {
  constructor(cause: unknown) {
    super('rolled back', { cause })
  }
}

/** Runs a statement in an open transaction of the application, and returns its rows. */
export type RunSql = (text: string, values: unknown[]) => PromiseLike<unknown>

/** An open transaction: a function that runs a statement in it, or a connection of the driver. */
export type AppTransaction =
  | RunSql
  | { query(text: string, values: unknown[]): PromiseLike<unknown> }

/** How statements run in a transaction of the application. A `TypeError` for what is none; `driver` is that connection in words. */
export function guestOf(transaction: unknown, driver: string): RunSql {
  if (typeof transaction === 'function') return transaction as RunSql
  const client = transaction as { query?: RunSql } | undefined
  if (typeof client?.query === 'function') return (text, values) => client.query!(text, values)
  throw new TypeError(
    `inTransaction: must be a function (text, values) => rows, or ${driver} with an open transaction; see "Your ORM"`,
  )
}

/** The rows that a library of the application returned: as an array, as `{ rows }`, or first of an array. */
export function guestRows<Row>(result: unknown): readonly Row[] {
  const rows = Array.isArray(result) ? result : (result as { rows?: unknown } | undefined)?.rows
  if (!Array.isArray(rows))
    throw new TypeError(
      'inTransaction: the function must return the rows of the statement, as an array or as { rows }',
    )
  return (Array.isArray(rows[0]) ? rows[0] : rows) as Row[]
}

// Half of a surrogate pair without its other half.
const LONE = /\p{Cs}/u

/** Names of 128 bits for what has no bound or no order in a database: an event of a receiver, a guard, a tenant. */
export function hashOf(owner: string, key: string): string {
  const text = `${owner.length} ${owner} ${key}`
  // UTF-8 has one form for all halves of surrogate pairs.
  const digest = !LONE.test(text) ? hash('sha256', text, 'hex') : digestOf(`!${text}`)
  return digest.slice(0, 32)
}

function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('hex')
}

/**
 * A string for a column of text: UTF-8 has no lone surrogates, and PostgreSQL's text no U+0000. A hash keeps two such strings
 * apart. Records have the original.
 */
export function storable(text: string): string {
  if (!LONE.test(text) && !text.includes('\0')) return text
  const digest = digestOf(text).slice(0, 32)
  return `${text.replaceAll(/\p{Cs}|\0/gu, '\ufffd')}\u{10fffe}${digest}`
}

/**
 * The server's clock, held against the monotonic clock of this process. Steps ahead are stored: nothing ages by them, and no
 * lease ends by them. Steps back are found by what is stored.
 */
interface ServerClock {
  /** The time of the server, in milliseconds since 1970, after what a step has changed was put right. */
  read(): Promise<number>
  steps(): Promise<readonly ClockStep[]>
}

/** Statements of {@link createServerClock}. */
interface ClockSteps {
  /** The clock of the server, and the last time that a process has stored. */
  read(): Promise<{ readonly now: number; readonly clock: number }>
  /** Stores a time. */
  store(now: number): Promise<unknown>
  /**
   * The clock went ahead of what the processes know: by how much nothing ages, and how much longer leases hold. Whoever is
   * first stores the time, so that a step counts once.
   */
  ahead(unseen: number, longer: number): Promise<unknown>
  /** The clock went back behind the stored time: steps ahead that it took back are none. */
  back(): Promise<unknown>
  steps(): Promise<readonly { readonly at: number; readonly unseen: number }[]>
}

// Milliseconds: how old the stored time may be, and how much of the time in which nobody was there is believed.
const STORE = 10_000
const GAP = 3_600_000

/** Makes it; `lease` in milliseconds. */
export function createServerClock(sql: ClockSteps, lease: number): ServerClock {
  // What is shorter ends no lease by itself.
  const least = Math.min(1000, lease / 4)
  let known: { readonly time: number; readonly at: number } | undefined

  return {
    async read() {
      const sent = performance.now()
      const { now, clock } = await sql.read()
      const got = performance.now()
      if (clock > now) await sql.back()
      else await follow(now, clock, got)
      known = { time: now, at: sent }
      return now
    },
    steps: async () =>
      (await sql.steps()).map(({ at, unseen }) => ({ at, unseen, unseenByGuards: unseen })),
  }

  async function follow(now: number, clock: number, got: number): Promise<void> {
    const gap = known ? now - known.time - (got - known.at) : now - clock
    // Of a gap behind the stored time a process that starts believes a part of a lease, since others may live: leases end all the same.
    const unseen = known ? gap : gap - GAP
    const longer = known ? gap : gap - STORE - lease / 3
    if (longer >= least || unseen >= least)
      await sql.ahead(Math.max(0, Math.floor(unseen)), Math.max(0, Math.floor(longer)))
    else if (now - clock >= STORE) await sql.store(now)
  }
}

/**
 * True if an error is one of `codes`, wherever a query builder or the app has put it: in `cause`, among the errors of an
 * `AggregateError`, or in a member of {@link WITHIN}. `names`: the members of an error in which codes are.
 */
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

// Sequelize, TypeORM, Objection, Prisma.
const WITHIN = [
  'cause',
  'errors',
  'parent',
  'driverError',
  'nativeError',
  'meta',
  'driverAdapterError',
]
// Errors that are looked at.
const MOST = 50

function codeText(code: unknown): string {
  return typeof code === 'string' || typeof code === 'number' ? String(code) : ''
}

/** A member that may be one error or several. */
function listOf(inner: unknown): readonly unknown[] {
  try {
    return Array.isArray(inner) ? [...(inner as unknown[])] : [inner]
  } catch {
    return []
  }
}

/** The text of an error of a driver: errors of several addresses have one each. */
export function driverText(error: unknown): string {
  if (isA(error, AggregateError))
    return listOf(memberOf(error, 'errors')).map(driverText).join('; ')
  return errorText(error)
}

/** Statements of {@link eraseIn}. */
interface EraseSteps {
  /** Locks the events that may be erased, and no other. */
  lock(): Promise<unknown>
  /** Of the events, those that may be erased and whose tasks rest. */
  resting(): Promise<readonly number[]>
  contents(events: readonly number[]): Promise<readonly ContentsRow[]>
  /** Puts these in place of what the events had. */
  write(left: readonly ContentsRow[]): Promise<unknown>
  /** As `Rows.note`. */
  note(rows: readonly ActionRow[]): Promise<unknown>
}

// Bodies in memory at once: each may have megabytes.
const AT_ONCE = 10

/** As `Viewed.erase`, inside a transaction. */
export async function eraseIn(
  steps: EraseSteps,
  empty: Parameters<Viewed['erase']>[2],
  noted: Parameters<Viewed['erase']>[3],
): Promise<number> {
  await steps.lock()
  // A statement behind the locks sees replays that were committed before them.
  const ids = await steps.resting()
  let count = empty ? 0 : ids.length
  for (let from = 0; empty && from < ids.length; from += AT_ONCE) {
    const rows = await steps.contents(ids.slice(from, from + AT_ONCE))
    const left = rows.flatMap((row) => empty(row) ?? [])
    if (left.length > 0) await steps.write(left)
    count += left.length
  }
  const notes = noted(count)
  if (notes.length > 0) await steps.note(notes)
  return count
}

/** Statements on spans of the journal. */
interface SpanSteps<Sql> {
  /** Makes the span if it is missing, and locks it: other processes add to it too. Returns its bytes, none if it is new. */
  lock(sql: Sql, span: SpanKey): Promise<Uint8Array>
  set(sql: Sql, span: SpanKey, data: Uint8Array): Promise<unknown>
  /** Takes away the oldest of a kind before a time, at most 64. */
  take(sql: Sql, kind: SpanKind, before: number): Promise<readonly Pick<Span, 'at' | 'data'>[]>
}

/** Makes `merge` and `rollUp` of the journal: spans in one order, so that processes do not wait for each other in a circle. */
export function createSpanSums<Sql>(
  atomic: <T>(run: (sql: Sql) => Promise<T>) => Promise<T>,
  steps: SpanSteps<Sql>,
): Pick<Journaled, 'merge' | 'rollUp'> {
  return {
    merge: (spans, change) =>
      atomic(async (sql) => {
        for (const span of spans.toSorted((a, b) => a.at - b.at || (a.kind < b.kind ? -1 : 1)))
          await add(sql, span, (data) => change(span, data))
      }),
    rollUp: (kind, before, to, sum) =>
      atomic(async (sql) => {
        const taken = await steps.take(sql, kind, before)
        for (const { at, data } of taken) await add(sql, to(at), (known) => sum(known, data, at))
        return taken.length === 64
      }),
  }

  async function add(
    sql: Sql,
    span: SpanKey,
    change: (data: Uint8Array | undefined) => Uint8Array,
  ): Promise<void> {
    const known = await steps.lock(sql, span)
    await steps.set(sql, span, change(known.length === 0 ? undefined : known))
  }
}
