import {
  AGAIN,
  LATER,
  READY,
  SUSPECT,
  type ClaimRow,
  type Gate,
  type Store,
  type Wish,
} from '@postern/core/engine'
import { CONTENTS, DELIVERY, EVENT, idsOf, list, NOW, updateTasks } from '../sql/lines.ts'
import type { Settings } from '../settings.ts'
import type { Database, Sql } from './connection.ts'
import { unpack, type Packed } from './contents.ts'
import { lockTasks, ownOf } from './rows.ts'

type Claims = Pick<
  Store,
  'claim' | 'any' | 'renew' | 'waiting' | 'stuck' | 'load' | 'rest' | 'pending' | 'busy'
> & {
  /** See `Store.ended`. `now` is from `clock.read`, so that a jump of the server's clock ends no lease. */
  endedAt(
    now: number,
    own: number,
    ...which: Parameters<Store['ended']>
  ): ReturnType<Store['ended']>
}

// The largest count that can still grow by one in an INT. Without this limit, one damaged count would make the claim of
// all tasks fail.
const MOST = 2 ** 31 - 2
// Maximum number of searches in one claim, since other processes may have locked the tasks that a search finds.
const SEARCHES = 4
// Maximum number of lanes (subscriptions) in one search, which reads up to three index ranges per lane.
const LANES = 50

const COLUMNS = `t.id, t.lane, t.gate, t.attempt, t.round, t.cut, t.error IS NOT NULL AS failed, t.line, t.fair, t.fold, t.part, t.data,
  e.id AS event, ${CONTENTS}`
const OPEN = 't.state = 0 AND t.behind = 0'
const DUE = `(t.gate = ${READY} OR (t.place = 0 AND t.due <= ${NOW}))`
const gated = (gate: Gate): string => `t.gate = ${gate} AND t.place = 0 AND t.due <= ${NOW}`
const TASKS = '$.postern_tasks t FORCE INDEX (ready)'

export function createClaiming(db: Database, { lease, deadline }: Settings): Claims {
  return {
    async claim(wishes, most, suspect, token) {
      const wanted = wishes.length > LANES ? await withTasks(db, wishes) : wishes
      const first = await look(db, wanted, most, suspect, [])
      if (first.length === 0) return []
      return db.atomic(deadline, async (sql) => {
        const taken = await take(sql, wanted, { most, suspect, first })
        if (taken.length === 0) return []
        const ids = taken.map(({ id }) => id)
        await updateTasks(
          sql,
          ids,
          `t.state = 1, t.token = ${token}, t.lease = ${NOW} + ${lease},
           t.attempt = LEAST(t.attempt, ${MOST}) + 1, t.runs = LEAST(t.runs, ${MOST}) + 1`,
        )
        const turns = new Map<number, number>()
        for (const { lane, turn } of taken) if (turn > (turns.get(lane) ?? 0)) turns.set(lane, turn)
        for (const [lane, turn] of [...turns].sort(([a], [b]) => a - b))
          await sql.run(
            `UPDATE $.postern_lanes SET turn = ${turn} WHERE id = ${lane} AND turn < ${turn}`,
          )
        return claimsOf(sql, list(ids))
      })
    },
    async any(lanes) {
      const found = await db.rows(
        `SELECT 1 AS n FROM ${TASKS} WHERE ${OPEN} AND t.lane IN (${list(lanes)}) AND ${DUE} LIMIT 1`,
      )
      return found.length > 0
    },
    renew: (held) =>
      db.atomic(deadline, async (sql) => {
        const tokens = new Map(held.map(({ id, token }) => [id, token]))
        const its = `FROM $.postern_tasks FORCE INDEX (PRIMARY) WHERE id IN (${list([...tokens.keys()].sort((a, b) => a - b))})`
        const free = await sql.rows(
          `SELECT id, token ${its} AND lease IS NOT NULL ORDER BY id FOR UPDATE SKIP LOCKED`,
        )
        await updateTasks(sql, ownOf(free, tokens), `t.lease = ${NOW} + ${lease}`)
        // If an open transaction has locked some rows, the statement above skips them. These rows are read with their
        // old values, and count as renewed.
        return new Set(ownOf(await sql.rows(`SELECT id, token ${its} AND state = 1`), tokens))
      }),
    async endedAt(now, own, lanes, held) {
      const [first, last] = [own * 2 ** 32, (own + 1) * 2 ** 32]
      const rows = await db.rows(
        `SELECT t.id FROM $.postern_tasks t FORCE INDEX (leases) WHERE t.lease IS NOT NULL AND t.id NOT IN (${list([0, ...held])})
         AND ((t.lease <= ${now} AND (t.lane IN (${list(lanes)}) OR t.lease <= ${now - lease}))
           OR (t.lane IN (${list(lanes)}) AND t.state = 1 AND t.token >= ${first} AND t.token < ${last}))
         ORDER BY t.lease LIMIT 500`,
      )
      return await lockTasks(db, rows, 't.lease IS NOT NULL')
    },
    waiting(lanes) {
      return db.rows<{ lane: number; suspect: boolean }>(
        `SELECT t.lane, MAX(t.gate = ${SUSPECT}) AS suspect FROM ${TASKS}
         WHERE ${OPEN} AND t.lane IN (${list(lanes)}) AND (${gated(AGAIN)} OR ${gated(SUSPECT)}) GROUP BY t.lane`,
      )
    },
    async stuck(lanes) {
      const rooted = await reroot(db)
      const rows = await db.rows(
        `SELECT DISTINCT s.line FROM (
           SELECT t.open_line AS line FROM $.postern_tasks t FORCE INDEX (ordered) WHERE t.open_line IS NOT NULL AND t.behind = 1 AND t.lane IN (${list(lanes)})
             AND NOT EXISTS (SELECT 1 FROM $.postern_tasks o WHERE o.open_line = t.open_line AND o.root = t.root AND o.behind = 0)
           UNION ALL
           SELECT t.open_line FROM $.postern_tasks t FORCE INDEX (ordered) WHERE t.open_line IS NOT NULL AND t.behind = 0 GROUP BY t.open_line, t.root
           HAVING COUNT(*) > 1 AND MAX(t.state = 0) = 1) s LIMIT 500`,
      )
      return [...new Set([...rooted, ...rows.map(({ line }) => line)])]
    },
    load: (ids) => claimsOf(db, list(ids)),
    async rest(lanes) {
      let left = 0
      const ends: number[] = []
      for (let from = 0; from < lanes.length; from += LANES) {
        const some = lanes.slice(from, from + LANES)
        const next = some.flatMap((lane) =>
          [LATER, AGAIN, SUSPECT].map(
            (gate) =>
              `(SELECT t.due - ${NOW} FROM ${TASKS} WHERE ${OPEN} AND t.lane = ${lane} AND t.gate = ${gate} AND t.place = 0 AND t.due > ${NOW} ORDER BY t.due LIMIT 1)`,
          ),
        )
        const rows = await db.rows(
          `(SELECT COUNT(*) AS n FROM ${TASKS} WHERE ${OPEN} AND t.lane IN (${list(some)}) AND ${DUE}) UNION ALL ${next.join(' UNION ALL ')}`,
        )
        left += rows[0]!.n
        ends.push(...rows.slice(1).map(({ n }) => n))
      }
      const [row] = await db.rows<{ n: number | null }>(
        `SELECT MIN(t.lease) - ${NOW} AS n FROM $.postern_tasks t FORCE INDEX (leases) WHERE t.lease IS NOT NULL AND t.state = 1 AND t.lane IN (${list(lanes)})`,
      )
      if (row!.n !== null) ends.push(row!.n)
      return { left, next: ends.length > 0 ? Math.max(0, Math.min(...ends)) : undefined }
    },
    async pending(receiver, most) {
      const lanes = await db.rows('SELECT id FROM $.postern_lanes WHERE receiver = ?', [receiver])
      const its = list(lanes.map(({ id }) => id))
      const [row] = await db.rows(
        `SELECT COUNT(*) AS n FROM (SELECT 1 FROM ${TASKS} WHERE t.state IN (0, 1) AND t.behind IN (0, 1) AND t.lane IN (${its}) LIMIT ${most}) o`,
      )
      return row!.n
    },
    async busy(task) {
      const its = `SELECT id FROM $.postern_tasks FORCE INDEX (PRIMARY) WHERE id = ${task}`
      if ((await db.rows(`${its} FOR UPDATE SKIP LOCKED`)).length > 0) return false
      return (await db.rows(its)).length > 0
    },
  }
}

/**
 * Returns the wishes (numbers of tasks to claim) of subscriptions that have open tasks. Most subscriptions have none,
 * so this query keeps them out of the search.
 */
async function withTasks(db: Database, wishes: readonly Wish[]): Promise<readonly Wish[]> {
  const rows = await db.rows(
    `SELECT DISTINCT t.lane FROM ${TASKS} WHERE ${OPEN} AND t.lane IN (${list(wishes.map(({ lane }) => lane))})`,
  )
  const some = new Set(rows.map(({ lane }) => lane))
  return wishes.filter(({ lane }) => some.has(lane))
}

interface Candidate {
  readonly id: number
  readonly lane: number
  readonly gate: Gate
  readonly turn: number
  readonly due: number
}

/** Locks tasks to claim. If other processes have locked some of these tasks, searches for others. */
async function take(
  sql: Sql,
  wishes: readonly Wish[],
  {
    most,
    suspect,
    first,
  }: { readonly most: number; readonly suspect: boolean; readonly first: readonly Candidate[] },
): Promise<readonly Candidate[]> {
  const taken: Candidate[] = []
  const seen: number[] = []
  let asked = suspect
  for (let round = 0; round < SEARCHES && taken.length < most; round++) {
    const left = wishes.flatMap(({ lane, room, now }) => {
      const its = taken.filter((one) => one.lane === lane)
      const gated = its.filter(({ gate }) => gate !== READY).length
      return room > its.length ? { lane, room: room - its.length, now: now - gated } : []
    })
    const found = round === 0 ? first : await look(sql, left, most - taken.length, asked, seen)
    const picked = pick(found, left, most - taken.length, asked)
    const rows = await lockTasks(sql, picked, `${OPEN} AND (t.gate = ${READY} OR t.due <= ${NOW})`)
    const locked = new Set(rows.map(({ id }) => id))
    const own = picked.filter(({ id }) => locked.has(id))
    if (own.some(({ gate }) => gate === SUSPECT)) asked = false
    taken.push(...own)
    seen.push(...picked.map(({ id }) => id))
    if (own.length === picked.length) break
  }
  return taken
}

/**
 * Finds tasks to claim, without locking them. Reads one index range for each subscription and gate (condition to claim
 * a task), since MariaDB has no LATERAL.
 */
async function look(
  sql: Pick<Sql, 'rows'>,
  wishes: readonly Wish[],
  most: number,
  suspect: boolean,
  seen: readonly number[],
): Promise<readonly Candidate[]> {
  const found: Candidate[] = []
  const but = seen.length > 0 ? `AND t.id NOT IN (${list(seen)})` : ''
  for (let from = 0; from < wishes.length; from += LANES) {
    const parts = wishes
      .slice(from, from + LANES)
      .flatMap(({ lane, room, now }) => [
        ...range(lane, gated(SUSPECT), suspect ? Math.min(now, 1) : 0),
        ...range(lane, gated(AGAIN), Math.min(now, most)),
        ...range(lane, `t.gate = ${READY}`, Math.min(room, most)),
      ])
    if (parts.length > 0) found.push(...(await sql.rows<Candidate>(parts.join(' UNION ALL '))))
  }
  return found

  function range(lane: number, which: string, count: number): readonly string[] {
    if (count <= 0) return []
    return [
      `(SELECT t.id, t.lane, t.gate, t.turn, t.due FROM ${TASKS} WHERE ${OPEN} AND t.lane = ${lane} AND ${which} ${but}
      ORDER BY t.place, t.due LIMIT ${count})`,
    ]
  }
}

/**
 * Chooses tasks to claim from all subscriptions. First comes one suspect (a task with repeated interruptions), then
 * other interrupted tasks. Other tasks follow by turn (the rotation of tenants) and time.
 */
function pick(
  found: readonly Candidate[],
  wishes: readonly Wish[],
  most: number,
  suspect: boolean,
): readonly Candidate[] {
  const of = (gate: Gate): readonly Candidate[] =>
    found
      .filter((one) => one.gate === gate)
      .sort((a, b) => a.turn - b.turn || a.due - b.due || a.id - b.id)
  const taken = [...of(SUSPECT).slice(0, suspect ? 1 : 0), ...of(AGAIN)].slice(0, most)
  const rooms = new Map(wishes.map(({ lane, room }) => [lane, room]))
  for (const { lane } of taken) rooms.set(lane, (rooms.get(lane) ?? 0) - 1)
  for (const one of of(READY)) {
    if (taken.length >= most) break
    const room = rooms.get(one.lane) ?? 0
    if (room <= 0) continue
    rooms.set(one.lane, room - 1)
    taken.push(one)
  }
  return taken
}

async function claimsOf(sql: Pick<Sql, 'rows'>, ids: string): Promise<readonly ClaimRow[]> {
  const rows = await sql.rows<ClaimRow & Packed & { readonly event: number | null }>(
    `SELECT ${COLUMNS} FROM $.postern_tasks t FORCE INDEX (PRIMARY) LEFT JOIN $.postern_events e ON ${EVENT} ${DELIVERY}
     WHERE t.id IN (${ids}) ORDER BY t.turn, t.due, t.id`,
  )
  return rows.map(({ packed, shared, event, ...row }) =>
    event === null
      ? { ...row, record: null, head: '', body: new Uint8Array() }
      : { ...row, ...unpack(packed, shared) },
  )
}

/**
 * Gives open tasks the current root of their lane (a subscription), after a subscription got a new name. A root is a
 * number that a subscription shares with its previous names. Returns the ordered groups (lines) of the changed tasks.
 */
export async function reroot(sql: Sql): Promise<readonly number[]> {
  const rows = await sql.rows(
    `SELECT t.id, t.line FROM $.postern_tasks t FORCE INDEX (ordered) STRAIGHT_JOIN $.postern_lanes l ON l.id = t.lane
     WHERE t.open_line IS NOT NULL AND t.root <> l.root`,
  )
  if (rows.length === 0) return []
  await sql.run(
    `UPDATE $.postern_tasks t FORCE INDEX (PRIMARY) STRAIGHT_JOIN $.postern_lanes l ON l.id = t.lane SET t.root = l.root
     WHERE t.id IN (${idsOf(rows)})`,
  )
  return [...new Set(rows.map(({ line }) => line))]
}
