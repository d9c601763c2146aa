import {
  TASKS,
  type Lost,
  type NewEvent,
  type TaskRow,
  type Turn,
  type FoldRow,
  type HeadRow,
  RUNNING,
  DONE,
  type Rows,
  type Guarded,
  type EndedTask,
} from '@postern/core/engine'
import type { Database, Written } from '../driver/driver.ts'
import {
  ENTER_TURN,
  LATER_TASKS,
  TAKE_TURNS,
  END_HOLD,
  FAILED,
  TASK,
  TASKS_BY_ID,
  TASKS_OF,
  FINISH,
  FINISHED,
  FIRST_BEHIND,
  FRONT,
  NEXT_ROOT,
  FOLDABLE,
  NEWEST,
  REMEMBER,
  SET_BEHIND,
  WHOLE,
  STUCK,
  ADD_FINISHED,
  END_CLAIMS,
  TAKE_CLAIMS,
} from '../sql/tasks.ts'
import {
  createAttempts,
  type Attempts,
  createPatch,
  createStoredRuns,
  type StoredRuns,
} from './patch.ts'
import { createInsert, type InsertParts } from './insert.ts'
import type { RowCache } from './writer.ts'
import { createNote } from '../journal/journaled.ts'
import { createNames, type Names } from './names.ts'
import { createTenants } from '../keys/tenants.ts'
import { createTally, type Tally } from './tally.ts'

/** Functions that all connections of a process share. */
export interface RowsHost {
  readonly now: () => number
  readonly isOver: (token: number) => boolean
  /** Called when this process writes through another connection than the main one. */
  readonly wrote: () => void
}

export interface Connection {
  readonly rows: Rows
  readonly names: Names
  readonly tally: Tally
  readonly attempts: Attempts
  readonly claims: StoredRuns
  readonly lines: Lines
  /** Caches that are stored at the end of a transaction, in the order of this list. */
  readonly kept: readonly RowCache[]
}

/** Creates the rows of one connection, for use in its transactions. */
export function createConnection(
  db: Database,
  keys: InsertParts['keys'],
  { now, isOver }: RowsHost,
): Connection {
  const names = createNames(db)
  const tally = createTally(db)
  const attempts = createAttempts(db)
  const claims = createStoredRuns(db)
  const lines = createLines(db)
  const guards = createGuards(db, names)
  const tenants = createTenants(db)
  const insert = createInsert(db, { names, keys, tenants, tally })
  const finish = createFinish(db, tally)
  const patch = createPatch(db, { tally, attempts, claims, isOver })
  const failed = db.prepare(FAILED)
  const tasksOf = db.prepare(TASKS_OF)
  const takeTurns = db.prepare(TAKE_TURNS)
  const later = db.prepare(LATER_TASKS(TASK))
  const enter = db.prepare(ENTER_TURN)
  const byId = db.prepare(TASKS_BY_ID)
  const endHold = db.prepare(END_HOLD)
  const note = createNote(db)

  const rows: Rows = {
    insert: (batch) => insert.events(batch, now()),
    known(events) {
      const found = new Map<NewEvent, readonly TaskRow[]>()
      for (const event of events) {
        const owner = names.receiver(event.receiver)
        const { key } = event.event
        const number = keys.find(keys.hash(owner, key), owner, key)
        if (number !== undefined)
          found.set(event, failed.all(number * TASKS, (number + 1) * TASKS, now()) as TaskRow[])
      }
      return found
    },
    guard: (wanted) => guards.take(wanted, now()),
    unguard: (taken) => guards.giveBack(taken),
    finish: (ended) => finish(ended, now()),
    patch: (patches, fence) => patch(patches, fence, now()),
    spawn(event, children) {
      const known = tasksOf.all(event * TASKS, (event + 1) * TASKS) as {
        readonly id: number
        readonly lane: number
        readonly part: string
      }[]
      const has = new Set(known.map(({ lane, part }) => `${lane} ${part}`))
      let next = known.reduce((most, { id }) => Math.max(most, id), event * TASKS - 1) + 1
      for (const child of children)
        if (!has.has(`${child.lane} ${child.part}`)) insert.task(child, next++, now())
    },
    heads: (wanted) => lines.heads(wanted),
    queue: (changes) => lines.queue(changes),
    ...createFolds(db, now),
    turns: (wanted) =>
      wanted.map(({ lane, fair, step }): Turn => {
        const row = takeTurns.get(lane, fair, lane, step, step) as { turn: number; open: number }
        return { lane, fair, turn: row.turn, tasks: row.open + tally.openedOf(lane, fair) }
      }),
    later(lanes, most) {
      const found: TaskRow[] = []
      for (const lane of lanes)
        if (found.length < most)
          found.push(...(later.all(lane, now(), most - found.length) as TaskRow[]))
      return found
    },
    enter(turns) {
      for (const { id, turn } of turns) enter.run(turn, turn, id)
    },
    note: (texts) => note(texts),
    lost(own) {
      const tokens = new Map(own.map(({ id, token }) => [id, token]))
      const found = byId.all(JSON.stringify([...tokens.keys()])) as (TaskRow & { lease: number })[]
      return found.map((row): Lost => {
        const held = row.state > 1 && row.lease === 1 && row.token === tokens.get(row.id)
        if (held) endHold.run(row.id)
        return { ...row, held }
      })
    },
  }
  return { rows, names, tally, attempts, claims, lines, kept: [guards, tenants, tally] }
}

/**
 * Ordered groups (lines): tasks with the same line and root run one after another. Names of a subscription share a
 * root.
 */
type Lines = ReturnType<typeof createLines>

// Maximum share of the time that `stuck` may take, since it reads all lines with open tasks.
const SHARE = 0.01

function createLines(db: Database) {
  const nextRoot = db.prepare(NEXT_ROOT)
  const front = db.prepare(FRONT)
  const firstBehind = db.prepare(FIRST_BEHIND)
  const setBehind = db.prepare(SET_BEHIND)
  const stuck = db.prepare(STUCK)
  let rest = 0

  return {
    /** Returns the first tasks of each line (see `Rows.heads`). */
    heads(lines: readonly number[]): readonly HeadRow[] {
      const heads: HeadRow[] = []
      for (const line of lines)
        for (let root = -1; ;) {
          const next = nextRoot.get(line, root) as { root: number | null }
          if (next.root === null) break
          root = next.root
          for (const row of [...front.all(line, root), ...firstBehind.all(line, root)] as Row[])
            heads.push({
              ...row,
              behind: Boolean(row.behind),
              seq: row.id,
              held: row.state > 1 && row.lease === 1,
            })
        }
      return heads
    },
    /** Sets whether tasks wait behind another task of their group (see `Rows.queue`). */
    queue(changes: readonly { readonly id: number; readonly behind: boolean }[]): number {
      let pending = 0
      for (const { id, behind } of changes)
        pending += Number(setBehind.run(behind ? 1 : 0, id).changes)
      return pending
    },
    /** Returns lines with a wrong order: no task may run, or two may (see `Store.stuck`). Checks all subscriptions. */
    stuck(): readonly number[] {
      const began = performance.now()
      if (began < rest) return []
      const rows = stuck.all() as { line: number }[]
      const now = performance.now()
      rest = now + (now - began) / SHARE
      return rows.map(({ line }) => line)
    },
  }
}

interface Row extends Omit<HeadRow, 'seq' | 'held'> {
  readonly lease: number
}

function createFolds(
  db: Database,
  now: () => number,
): Pick<Rows, 'foldable' | 'remember' | 'newest'> {
  const foldable = db.prepare(FOLDABLE)
  const remember = db.prepare(REMEMBER)
  const newest = db.prepare(NEWEST)
  const whole = db.prepare(WHOLE)
  return {
    foldable(lines) {
      const time = now()
      return lines.flatMap((line) =>
        (foldable.all(line) as Omit<FoldRow, 'seq' | 'held' | 'now'>[]).map((row) => ({
          ...row,
          behind: Boolean(row.behind),
          seq: row.id,
          held: false,
          now: time,
        })),
      )
    },
    remember(all) {
      for (const { root, key, task, highest } of all) remember.run(root, key, task, highest, now())
    },
    newest: (ids) =>
      new Map(
        (newest.all(JSON.stringify(ids)) as { id: number; task: number }[]).map(({ id, task }) => [
          id,
          { id: task, row: whole.get(task) as TaskRow | undefined },
        ]),
      ),
  }
}

interface Guards extends RowCache {
  /** Takes free replay guards (keys that only one event can have) for events. See `Rows.guard`. */
  take(wanted: readonly Guarded[], now: number): ReadonlySet<Guarded>
  /** Releases guards that this transaction took (see `Rows.unguard`). */
  giveBack(taken: readonly Guarded[]): void
}

function createGuards(db: Database, names: Pick<Names, 'receiver'>): Guards {
  const holder = db.prepare(HOLDER)
  const add = db.prepare(ADD_GUARD)
  const drop = db.prepare(DROP_GUARD)
  // Guards that the open transaction added. Only these may be released.
  let made = new Set<string>()

  return {
    take(wanted, now) {
      const own = new Set<Guarded>()
      for (const one of wanted) {
        const { key, event } = one
        const owner = names.receiver(event.receiver)
        const row = holder.get(owner, key) as { holder: string } | undefined
        if (row ? row.holder !== event.event.key : false) continue
        own.add(one)
        if (row) continue
        add.run(owner, key, event.event.key, now)
        made.add(`${owner} ${key}`)
      }
      return own
    },
    giveBack(taken) {
      for (const { key, event } of taken) {
        const owner = names.receiver(event.receiver)
        if (made.delete(`${owner} ${key}`)) drop.run(owner, key)
      }
    },
    store: () => {},
    stored: forget,
    forget,
  }

  function forget(): void {
    if (made.size > 0) made = new Set()
  }
}

const HOLDER: string = 'SELECT holder FROM postern_guards WHERE receiver = ? AND key = ?'
const ADD_GUARD: string =
  'INSERT INTO postern_guards (receiver, key, holder, taken) VALUES (?, ?, ?, ?)'
const DROP_GUARD: string = 'DELETE FROM postern_guards WHERE receiver = ? AND key = ?'

// An entry is a number with two parts. The higher bits are the distance: the number of the task's event minus the
// number of the first event. The lower bits are the duration of the run in microseconds. TOOK is the limit of the
// duration, and FAR is the limit of the distance.
const TOOK = 2 ** 31
const FAR = 2 ** 21

interface Group {
  readonly n: number
  readonly token: number
  readonly lane: number
  readonly ended: EndedTask[]
  first: number
}

/** Creates `Rows.finish`. Runs that were claimed together, with one token, need only one statement. */
function createFinish(
  db: Database,
  tally: Tally,
): (ended: readonly EndedTask[], now: number) => ReadonlySet<number> {
  const finish = db.prepare(FINISH)
  const finished = db.prepare(FINISHED)
  const take = db.prepare(TAKE_CLAIMS)
  const end = db.prepare(END_CLAIMS)
  const addFinished = db.prepare(ADD_FINISHED)

  return (ended, now) => {
    const counted = new Set<number>()
    for (const group of groupsOf(ended)) {
      const { token, lane: of, n, first } = group
      let entries = ''
      let count = 0
      for (const { id, took } of group.ended) {
        const distance = (id - n) / TASKS - first
        // If the duration or the distance of the event is too large for an entry, the engine's `patch` ends the task.
        if (took >= TOOK || distance >= FAR) continue
        entries += `${count++ === 0 ? '[' : ','}${distance * TOOK + took}`
      }
      if (count === 0) continue
      entries += ']'
      const base = first * TASKS + n
      // Usually these tasks have no rows yet: see `StoredRuns.spread`.
      const bare = isOne(end.run(token, of, count)) || isOne(take.run(count, token, of))
      const { changes } = bare
        ? addFinished.run(base, of, now, token, entries)
        : finish.run(now, entries, base, token)
      const all = changes === group.ended.length
      const done = all ? undefined : finishedOf(token, group.ended)
      for (const { id, lane, fair } of group.ended) {
        if (done && !done.has(id)) continue
        counted.add(id)
        if (!bare) tally.move(lane, RUNNING, DONE, fair)
      }
    }
    return counted
  }

  function finishedOf(token: number, ended: readonly EndedTask[]): ReadonlySet<number> {
    const ids = `[${ended.map(({ id }) => id).join()}]`
    return new Set((finished.all(token, ids) as { id: number }[]).map(({ id }) => id))
  }
}

function isOne({ changes }: Written): boolean {
  return Number(changes) === 1
}

function groupsOf(ended: readonly EndedTask[]): readonly Group[] {
  const groups: Group[] = []
  let last: Group | undefined
  for (const one of ended) {
    const { id, token, lane } = one
    const n = id % TASKS
    const event = (id - n) / TASKS
    if (!last || last.token !== token || last.n !== n || last.lane !== lane) {
      last = groups.find((group) => group.token === token && group.n === n && group.lane === lane)
      if (!last) groups.push((last = { n, token, lane, ended: [], first: event }))
    }
    last.ended.push(one)
    if (event < last.first) last.first = event
  }
  return groups
}
