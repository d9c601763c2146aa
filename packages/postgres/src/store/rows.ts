import { grouped } from '@postern/core/inbox'
import {
  GONE,
  type ActionRow,
  type Fence,
  type Guarded,
  type HeadRow,
  type Lost,
  type NewEvent,
  type NewTask,
  type Patch,
  type Rows,
  type TaskRow,
  type Turn,
} from '@postern/core/inbox'
import { GUARD, HOLDERS, insertSql, KNOWN, UNGUARD, type Named } from '../sql/accept.ts'
import { NOTE_RECORDS } from '../sql/journal.ts'
import { ENTER, HEADS, LATER_DUE, QUEUE, TRY_LOCK, TURNS } from '../sql/lines.ts'
import { dropSql, FINISH, LOST, PARENT, patchSql, SPAWN } from '../sql/settle.ts'
import { ints, micros, storable, texts } from '../sql/words.ts'
import { column } from './columns.ts'
import { rareColumns, hashOf, isBound, valuesOf } from './pack.ts'
import { readNumber, type Sql } from './pg.ts'

/** What rows need of their inbox. */
export interface RowsHost {
  readonly lease: number
  readonly channel: string
  /** The process that need not hear of the tasks, or '' if all must: rows of the app's transaction are not known here. */
  readonly process: () => string
}

const inserts = new Map<string, Named>()
const patches = new Map<string, string>()

/** Makes the rows of a connection. */
export function createRows(sql: Sql, { lease, channel, process }: RowsHost): Rows {
  return {
    async insert(batch) {
      const { events, tasks } = batch
      if (events.length === 0) return NO_EVENTS
      const kind = {
        bound: tasks.some(isBound),
        shared: events.some(({ delivery }) => delivery.events > 1),
        notify: batch.notify,
      }
      const name = `${kind.bound} ${kind.shared} ${kind.notify}`
      let statement = inserts.get(name)
      if (!statement) inserts.set(name, (statement = insertSql(kind)))
      const values: Record<string, unknown> = {
        ...valuesOf(batch, lease),
        channel,
        process: process(),
      }
      const rows = await sql<Numbered>(
        statement.text,
        statement.names.map((each) => values[each]),
      )
      if (rows.length === events.length) return new Set(events)
      const ids = idsOf(rows)
      return new Set(events.filter(({ number }) => ids.has(number)))
    },
    async known(events) {
      const byHash = new Map(
        events.map((event) => [hashOf(event.receiver, event.event.key), event]),
      )
      const hashes = `{${[...byHash.keys()].join()}}`
      const rows = await sql<TaskRow & { hash: string }>(KNOWN, [hashes])
      return grouped(rows, ({ hash }) => byHash.get(hash)!)
    },
    async guard(wanted) {
      const own = wanted.map((one) => ({
        one,
        key: guardOf(one),
        event: hashOf(one.event.receiver, one.event.event.key),
      }))
      const keys = `{${own.map(({ key }) => key).join()}}`
      await sql(GUARD, [keys, `{${own.map(({ event }) => event).join()}}`])
      const holders = new Map((await sql(HOLDERS, [keys])).map((row) => [row['key'], row['event']]))
      return new Set(own.flatMap(({ one, key, event }) => (holders.get(key) === event ? one : [])))
    },
    async unguard(taken) {
      await sql(UNGUARD, [`{${taken.map(guardOf).join()}}`])
    },
    async finish(ended) {
      return idsOf(
        await sql(FINISH, [
          column('int8', ended, ({ id }) => id),
          column('int8', ended, ({ token }) => token),
          column('int4', ended, ({ took }) => micros(took)),
        ]),
      )
    },
    patch,
    async spawn(event, children) {
      await sql(PARENT, [event])
      await sql(SPAWN, [event, ints(children.map(({ lane }) => lane)), ...childrenOf(children)])
    },
    lock: (lines) => lockLines(sql, TRY_LOCK, lines),
    heads: (lines) => sql<HeadRow>(HEADS, [ints(lines)]),
    queue: (changes) =>
      readNumber(
        sql(QUEUE, [
          ints(changes.map(({ id }) => id)),
          `{${changes.map(({ behind }) => behind).join()}}`,
        ]),
      ),
    async turns(wanted) {
      // All processes take them in one order: no deadlocks.
      const sorted = wanted.toSorted((a, b) => a.lane - b.lane || (a.fair < b.fair ? -1 : 1))
      const rows = await sql<Turn>(TURNS, [
        ints(sorted.map(({ lane }) => lane)),
        texts(sorted.map(({ fair }) => storable(fair))),
        ints(sorted.map(({ step }) => step)),
      ])
      const asked = new Map(sorted.map((one) => [`${one.lane} ${storable(one.fair)}`, one.fair]))
      return rows.map((turn) => ({
        ...turn,
        fair: asked.get(`${turn.lane} ${turn.fair}`)!,
      }))
    },
    later: (lanes, most) => sql<TaskRow>(LATER_DUE, [ints(lanes), most]),
    async enter(turns) {
      await sql(ENTER, [ints(turns.map(({ id }) => id)), ints(turns.map(({ turn }) => turn))])
    },
    note: (rows) => noteActions(sql, rows),
    lost: (own) =>
      sql<Lost>(LOST, [ints(own.map(({ id }) => id)), ints(own.map(({ token }) => token))]),
  }

  async function patch(given: readonly Patch[], fence: Fence): Promise<ReadonlySet<number>> {
    if (given.length === 0) return NONE
    const drop = given[0]!.state === GONE
    const name = `${drop} ${fence}`
    let statement = patches.get(name)
    if (statement === undefined)
      patches.set(name, (statement = drop ? dropSql(fence) : patchSql(fence)))
    const rows = await sql<Numbered>(statement, [JSON.stringify(given.map(toChange))])
    return idsOf(rows)
  }
}

/** The JSON of a patch has no null that means something. */
function toChange({ event, ...one }: Patch): object {
  const { took, attempted } = one
  return {
    ...one,
    ...(event && { hash: hashOf(event.receiver, event.key) }),
    clear: one.error === null,
    untimed: took === null,
    ...(typeof took === 'number' && { took: micros(took) }),
    ...(attempted?.took != null && { attempted: { ...attempted, took: micros(attempted.took) } }),
  }
}

/** As `Rows.note`. */
export async function noteActions(sql: Sql, rows: readonly ActionRow[]): Promise<void> {
  await sql(NOTE_RECORDS, [
    texts(rows.map(({ key }) => key)),
    texts(rows.map(({ value }) => storable(value))),
  ])
}

/** As `Rows.lock`. */
export async function lockLines(
  sql: Sql,
  statement: string,
  lines: readonly number[],
): Promise<readonly number[]> {
  return (await sql<{ line: number }>(statement, [ints(lines)])).map(({ line }) => line)
}

const NONE: ReadonlySet<number> = new Set()
const NO_EVENTS: ReadonlySet<NewEvent> = new Set()

interface Numbered {
  readonly id: number
}

/** The ids of rows. */
export function idsOf(rows: readonly Numbered[]): ReadonlySet<number> {
  return new Set(rows.map(({ id }) => id))
}

function guardOf({ key, event }: Guarded): string {
  return hashOf(event.receiver, `guard ${key}`)
}

function childrenOf(children: readonly NewTask[]): readonly string[] {
  const { parts, data, lines, fair, turns } = rareColumns(children) as Record<
    'parts' | 'data' | 'lines' | 'fair' | 'turns',
    string
  >
  return [parts, data, lines, fair, turns]
}
