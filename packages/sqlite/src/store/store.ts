import { WebhookError } from '@postern/core'
import {
  isA,
  shutOut,
  type Back,
  type EngineSettings,
  type Store,
  type StoreFault,
  type Versions,
  type Rows,
  type ClaimRow,
  AGAIN,
  PENDING,
  RUNNING,
  SUSPECT,
  type Wish,
} from '@postern/core/engine'
import type { Driver, Database } from '../driver/driver.ts'
import { createKeys, PutBack } from '../keys/keys.ts'
import { createLeases, createProcesses } from '../lease/leases.ts'
import { createViewed } from '../operate/viewed.ts'
import {
  OPEN_TASKS,
  TENANT,
  REACH_TURN,
  ANY,
  LOAD,
  CLAIM,
  CLAIM_GATED,
  CLAIM_READY,
  CLAIM_TURNS,
  MOST_ATTEMPTS,
} from '../sql/tasks.ts'
import { createClock } from './clock.ts'
import { createGuests } from './guests.ts'
import { type RowCache, createWriter } from './writer.ts'
import { createConnection, type Connection, type RowsHost } from './rows.ts'
import type { FileLayout } from './schema.ts'
import { createJournaled } from '../journal/journaled.ts'
import type { InsertParts } from './insert.ts'
import type { Tally } from './tally.ts'

type OpenStore = Store & {
  stop(): Promise<void>
}

/** Creates the store. If the file is restored to an earlier state, the store starts again like a new process. */
export function createStore(
  driver: Driver,
  settings: Pick<EngineSettings, 'lease'>,
  layout: FileLayout,
  warn: (message: string) => void,
  back: Back,
): Store {
  let current = make()
  const store: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(current))
    store[name] =
      typeof value === 'function'
        ? (...args: never[]): unknown =>
            (current[name as keyof Store] as (...given: never[]) => unknown)(...args)
        : value
  return Object.defineProperty(store, 'opened', { get: () => current.opened }) as unknown as Store

  function make(): OpenStore {
    return openStore(driver, settings, layout, warn, (message) => {
      const before = current
      current = make()
      void before.stop()
      back(message)
    })
  }
}

function openStore(
  driver: Driver,
  { lease }: Pick<EngineSettings, 'lease'>,
  layout: FileLayout,
  warn: (message: string) => void,
  back: Back,
): OpenStore {
  const { main, errors, inbox, sleeps = false } = driver
  const keys = createKeys(main, driver.freshKeys)
  const clock = createClock(main, () => keys.adds())
  const now = (): number => clock.now()
  const processes = createProcesses(main, driver, { lease, now, version: layout.steps.length })
  // Number of writes by this process on connections other than the main one.
  let own = 0
  const host = {
    now,
    isOver: (token: number) => processes.isOver(token),
    wrote: () => void own++,
  }
  const connection = createConnection(main, keys, host)
  const { names, tally, lines, claims } = connection
  const kept: readonly RowCache[] = [...connection.kept, keys, clock]
  let isBack = false
  const writer = createWriter(driver, kept, names, (error) => {
    if (isA(error, PutBack)) tellBack()
  })
  const claim = createClaim(main, tally)
  const guests = createGuests(driver, keys, host)
  const commits = createCommits(driver, keys, host)
  const any = main.prepare(ANY)
  const load = main.prepare(LOAD)
  const openTasks = main.prepare(OPEN_TASKS)
  const tenant = main.prepare(TENANT)
  const versions = main.prepare('SELECT version, oldest FROM postern_schema')
  const upkeep = driver.upkeep?.(async (run) => writer.write(run), warn)
  let process = 0
  const leases = createLeases({
    db: main,
    lease,
    clock,
    claims,
    processes,
    writer,
    own: () => process,
    warn,
  })
  let seen: number | undefined
  let ownSeen = 0
  let warned = false

  return {
    ...connection.rows,
    ...createViewed({ driver, keys, connection, writer, now, reading }),
    ...createJournaled(driver, writer, reading),
    name: inbox,
    get opened() {
      return process > 0
    },
    open() {
      if (process > 0) return process
      if (driver.readOnly) return (process = NOBODY)
      process = writer.write(() => processes.join())
      driver.life?.release()
      driver.life?.hold(process)
      driver.guard?.start(warn)
      upkeep?.start()
      return process
    },
    stop,
    async close() {
      await stop()
      try {
        if (process > 0 && !driver.readOnly) writer.write(() => processes.leave())
      } catch {
        // Other processes notice that the lock of this process is free, or that this process gives no sign of life.
      }
      driver.life?.release()
      driver.close()
    },
    together: (works) => writer.write(works),
    atomic: (_time, run) => (writer.inside ? run(connection.rows) : commits(run)),
    commit: (_time, run) => (writer.inside ? run(connection.rows, main.raw) : commits(run)),
    guest: (transaction) => guests.of(transaction),
    lanes(receiver, groups) {
      return names.find(receiver, groups) ?? writer.write(() => names.lanes(receiver, groups))
    },
    everyLane: () => reading(() => names.every()),
    claim: (wishes, most, suspect, token) =>
      writer.write(() => claim(wishes, most, suspect, token, now())),
    any: (lanes) => reading(() => lanes.some((lane) => isReady(lane, now()))),
    ...leases,
    alive() {
      const rejected = shutOut(layout, versions.get() as Versions)
      if (driver.readOnly) return rejected
      if (!processes.intact()) tellBack()
      try {
        if (rejected === undefined) leases.beat()
      } catch {
        // If the sign of life cannot be written, nothing is lost here: `renew` throws the same error if this process
        // has tasks.
      }
      return rejected
    },
    ended(lanes, held) {
      meet()
      return leases.ended(lanes, held)
    },
    stuck: () => lines.stuck(),
    load: (ids) => load.all(JSON.stringify(ids)) as ClaimRow[],
    rest: (lanes) => reading(() => leases.rest(lanes)),
    pending: (receiver) => (openTasks.get(receiver) as { open: number | null }).open ?? 0,
    backlog: (wanted) =>
      wanted.map(({ lane, fair }) => {
        const row = tenant.get(lane, fair) as { turn: number; open: number } | undefined
        return { lane, fair, turn: row?.turn ?? 0, tasks: row?.open ?? 0 }
      }),
    sleeps,
    clock: now,
    steps: () => clock.steps(),
    fault,
    rejection(error) {
      if (isA(error, WebhookError)) return error
      if (isA(error, PutBack))
        return new WebhookError('inbox_unavailable', `${inbox}: ${driver.name} was put back`)
      return isA(error, TypeError) && !errors.isOwn(error) ? error : errors.unavailable(error)
    },
  }

  async function stop(): Promise<void> {
    driver.guard?.stop()
    await upkeep?.stop()
  }

  /** Reports once that the file was restored, after the running call has ended. */
  function tellBack(): void {
    if (isBack) return
    isBack = true
    process = 0
    queueMicrotask(() =>
      back(
        `${inbox}: ${driver.name} was restored to an earlier state while this process had it open. Claims of this process are dropped; it continues with what the file holds now`,
      ),
    )
  }

  function isReady(lane: number, at: number): boolean {
    return any.get(lane, at, lane, lane, at, lane, at, lane, at) !== undefined
  }

  /** Warns once if other processes write the file and this SQLite version may then damage it. */
  function meet(): void {
    const version = main.version()
    const foreign = seen !== undefined && version !== seen && own === ownSeen
    seen = version
    ownSeen = own
    if (!foreign || warned || driver.alone === undefined) return
    warned = true
    warn(`${inbox}: ${driver.alone}`)
  }

  function reading<T>(query: () => T): T {
    const lost = driver.guard?.lost()
    if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
    return query()
  }

  function fault(error: unknown): StoreFault {
    if (isA(error, PutBack)) return 'back'
    if (errors.isBusy(error)) return 'again'
    if (isA(error, WebhookError) || errors.isStorageFault(error)) return 'away'
    return errors.isOfStatement(error) ? 'lasting' : 'data'
  }
}

// The process number of all processes that only read. No row of the file has this number.
const NOBODY = 2 ** 31

/** Creates the synchronous transactions of `task.commit`. If a handler writes asynchronously, all its writes fail. */
function createCommits(
  driver: Driver,
  keys: InsertParts['keys'],
  host: RowsHost,
): <T>(run: (rows: Rows, transaction: unknown) => T) => T {
  const { errors, guard } = driver
  // The connection is opened at the first commit. Most receivers have no commits, and preparing the statements takes a
  // millisecond.
  let made: (Connection & { readonly database: ReturnType<Driver['commits']> }) | undefined

  return (run) => {
    const lost = guard?.lost()
    if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
    let began = false
    try {
      if (!made) {
        const database = driver.commits()
        made = { database, ...createConnection(database, keys, host) }
      }
      const { database, rows, kept } = made
      const result = database.transaction(() => {
        began = true
        const written = run(rows, database.raw)
        if (written instanceof Promise) {
          written.catch(() => {})
          throw new TypeError(
            'task.commit: write must be synchronous, since no transaction may stay open: await first, then commit',
          )
        }
        for (const each of kept) each.store()
        return written
      })
      for (const each of kept) each.stored()
      host.wrote()
      return result
    } catch (error) {
      for (const each of made?.kept ?? []) each.forget()
      made?.names.forget()
      if (!began) throw new Error(`task.commit: ${errors.explain(error)}`, { cause: error })
      if (isA(error, TypeError)) {
        // The handler may still be running. Without this call, the handler would write outside of a transaction.
        driver.dropCommits()
        made = undefined
      }
      throw error
    }
  }
}

interface Row extends ClaimRow {
  readonly turn: number
}

/** Creates `Store.claim`, which is called in a transaction. */
function createClaim(
  db: Database,
  tally: Tally,
): (
  wishes: readonly Wish[],
  most: number,
  suspect: boolean,
  token: number,
  now: number,
) => readonly ClaimRow[] {
  const gated = db.prepare(CLAIM_GATED)
  const ready = db.prepare(CLAIM_READY)
  const turns = db.prepare(CLAIM_TURNS)
  const claim = db.prepare(CLAIM)
  const reach = db.prepare(REACH_TURN)

  return (wishes, most, suspect, token, now) => {
    const claimed: ClaimRow[] = []
    let asked = suspect
    for (const { lane, room, now: atOnce } of wishes) {
      let left = Math.min(room, most - claimed.length)
      if (left <= 0) continue
      const rows: Row[] = []
      const take = (found: readonly unknown[]): void => {
        rows.push(...(found as readonly Row[]))
        left -= found.length
      }
      if (asked && atOnce > 0) {
        take(gated.all(lane, SUSPECT, now, 1))
        if (rows.length > 0) asked = false
      }
      const start = Math.min(left, atOnce - rows.length)
      if (start > 0) take(gated.all(lane, AGAIN, now, start))
      if (left > 0) take(ready.all(lane, now, left))
      if (left > 0) take(turns.all(lane, now, left))
      if (rows.length === 0) continue
      claim.run(token, `[${rows.map(({ id }) => id).join()}]`)
      const turn = rows.reduce((most_, row) => Math.max(most_, row.turn), 0)
      if (turn > 0) reach.run(turn, lane, turn)
      for (const row of rows) {
        tally.move(lane, PENDING, RUNNING, row.fair)
        claimed.push({
          ...row,
          attempt: Math.min(row.attempt, MOST_ATTEMPTS) + 1,
          failed: Boolean(row.failed),
        })
      }
    }
    return claimed
  }
}
