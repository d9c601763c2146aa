import { createServerClock } from '@postern/core/engine'
import { list, NOW } from '../sql/lines.ts'
import type { Database, Sql } from './connection.ts'
import { lockTasks } from './rows.ts'

/** The lease of the process that has a claim. */
const leaseOf = (own: number): string =>
  `COALESCE((SELECT p.lease FROM $.postern_processes p WHERE p.id = t.token DIV 4294967296), ${own})`

/** Makes the clock of the server; times in milliseconds. Steps back are put right by `countAgain`. */
export function createClock(
  db: Database,
  lease: number,
  deadline: number,
): ReturnType<typeof createServerClock> {
  return createServerClock(
    {
      async read() {
        const rows = await db.rows<Clock>(`SELECT ${NOW} AS now, clock FROM $.postern_schema`)
        return rows[0]!
      },
      store: (now) =>
        db.run(`UPDATE $.postern_schema SET clock = ${now} WHERE id = 1 AND clock < ${now}`),
      ahead: (unseen, longer) =>
        db.atomic(deadline, async (sql) => {
          const { now, clock } = await lockClock(sql)
          const step = clock === 0 ? unseen : Math.min(unseen, now - clock)
          if (clock > 0 && step >= 1000)
            await sql.run(`INSERT INTO $.postern_steps (at, unseen) VALUES (${now}, ${step})`)
          const more = Math.min(longer, now - clock)
          if (more > 0)
            await change(
              sql,
              await found(sql, `t.lease > ${clock}`, 'leases', 100_000),
              `t.lease > ${clock}`,
              `t.lease = LEAST(t.lease + ${more}, ${NOW} + ${leaseOf(lease)})`,
            )
          await sql.run(
            `UPDATE $.postern_schema SET clock = ${now} WHERE id = 1 AND clock < ${now}`,
          )
        }),
      back: () =>
        db.atomic(deadline, async (sql) => {
          const { now, clock } = await lockClock(sql)
          if (clock <= now) return
          await sql.run(
            `UPDATE $.postern_steps SET at = ${now}, unseen = GREATEST(0, unseen - ${clock - now}) WHERE at > ${now}`,
          )
          await sql.run(`UPDATE $.postern_schema SET clock = ${now} WHERE id = 1`)
        }),
      steps: () =>
        db.rows<{ at: number; unseen: number }>('SELECT at, unseen FROM $.postern_steps'),
    },
    lease,
  )
}

interface Clock {
  readonly now: number
  readonly clock: number
}

async function lockClock(sql: Sql): Promise<Clock> {
  const rows = await sql.rows<Clock>(
    `SELECT ${NOW} AS now, clock FROM $.postern_schema WHERE id = 1 FOR UPDATE`,
  )
  return rows[0]!
}

/**
 * Leases and waits that are longer than they may be, since the clock went back, count from now. So do places of tasks that
 * need no time: others would go first for as long.
 */
export async function countAgain(
  db: Database,
  lanes: readonly number[],
  lease: number,
): Promise<void> {
  const waits = `t.state = 0 AND t.since > ${NOW}`
  const [rows, leases, places] = [
    await found(db, waits, 'waits'),
    await found(
      db,
      `t.lease > ${NOW} + (SELECT MIN(lease) FROM $.postern_processes) AND t.lease > ${NOW} + ${leaseOf(lease)}`,
      'leases',
    ),
    await found(
      db,
      `t.state = 0 AND t.behind = 0 AND t.lane IN (${list(lanes)}) AND t.gate = 0 AND t.place = 0 AND t.due > ${NOW}`,
      'ready',
    ),
  ]
  await change(db, rows, waits, `t.due = ${NOW} + t.due - t.since, t.since = ${NOW}`)
  await change(db, leases, `t.lease > ${NOW}`, `t.lease = ${NOW} + ${leaseOf(lease)}`)
  await change(db, places, 't.state = 0 AND t.gate = 0', `t.due = ${NOW}`)
}

async function found(
  sql: Sql,
  which: string,
  index: string,
  most = 1000,
): Promise<readonly number[]> {
  const rows = await sql.rows(
    `SELECT t.id FROM $.postern_tasks t FORCE INDEX (${index}) WHERE ${which} LIMIT ${most}`,
  )
  return rows.map(({ id }) => id)
}

/** Those that are locked by others are left for the next time. */
async function change(sql: Sql, ids: readonly number[], still: string, set: string): Promise<void> {
  const locked = await lockTasks(sql, ids, still)
  if (locked.length > 0)
    await sql.run(
      `UPDATE $.postern_tasks t FORCE INDEX (PRIMARY) SET ${set} WHERE t.id IN (${list(locked.map(({ id }) => id))}) AND ${still}`,
    )
}
