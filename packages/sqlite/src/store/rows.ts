import {
  TASKS,
  type Lost,
  type NewEvent,
  type Rows,
  type TaskRow,
  type Turn,
} from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { ENTER_TURN, LATER_TASKS, TAKE_TURNS } from '../sql/lanes.ts'
import { END_HOLD, FAILED, TASK, TASKS_BY_ID, TASKS_OF } from '../sql/tasks.ts'
import { createAttempts, type Attempts } from './attempts.ts'
import { createStoredRuns, type StoredRuns } from './claims.ts'
import { createFinish } from './finish.ts'
import { createGuards } from './guards.ts'
import { createInsert, type InsertParts } from './insert.ts'
import type { RowCache } from './kept.ts'
import { createLines, type Lines } from './lines.ts'
import { createNote } from '../journal/records.ts'
import { createNames, type Names } from './names.ts'
import { createPatch } from './patch.ts'
import { createScopes } from '../keys/scopes.ts'
import { createTally, type Tally } from './tally.ts'

/** What the connections of a process share. */
export interface RowsHost {
  readonly now: () => number
  readonly isOver: (token: number) => boolean
  /** Something was written beside the main connection. */
  readonly wrote: () => void
}

/** The rows of one connection, inside its transactions. */
export interface Connection {
  readonly rows: Rows
  readonly names: Names
  readonly tally: Tally
  readonly attempts: Attempts
  readonly claims: StoredRuns
  readonly lines: Lines
  /** Writers that run at the end of a transaction, in this order. */
  readonly kept: readonly RowCache[]
}

/** Prepares the statements of a connection. */
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
  const scopes = createScopes(db)
  const insert = createInsert(db, { names, keys, scopes, tally })
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
  return { rows, names, tally, attempts, claims, lines, kept: [guards, scopes, tally] }
}
