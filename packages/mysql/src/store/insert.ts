import { hashOf, TASKS, type NewDelivery, type NewEvent, type NewTask } from '@postern/core/engine'
import { hexes, list, NOW } from '../sql/lines.ts'
import type { Sql, Value } from './connection.ts'
import { pack } from './contents.ts'

/** Parts of an `INSERT`: the text before `VALUES`, one row of `?`, and the text after the rows. */
interface InsertText {
  readonly head: string
  readonly row: string
  readonly tail?: string
}

// Maximum number of rows in one statement, since a server allows 65,535 parameters.
const ROWS = 128
// Maximum number of bytes in one statement: a quarter of the smallest packet size that `checkServer` allows.
const BYTES = 1024 * 1024
// Maximum number of rows in one statement without parameters. Each row has about 100 bytes.
const MANY = 5000
const texts = new Map<string, string>()

/** Inserts rows, 2^n per statement, so that there are few different statements: a server prepares at most 16,382. */
export async function insertRows(
  sql: Sql,
  { head, row, tail = '' }: InsertText,
  rows: readonly (readonly Value[])[],
): Promise<void> {
  for (let from = 0; from < rows.length;) {
    let part = rows.slice(
      from,
      from + 2 ** Math.floor(Math.log2(Math.min(ROWS, rows.length - from))),
    )
    while (part.length > 1 && sizeOf(part) > BYTES) part = part.slice(0, part.length / 2)
    const key = `${part.length} ${head} ${tail}`
    let text = texts.get(key)
    if (text === undefined) {
      text = `${head} VALUES ${part.map(() => `(${row})`).join()} ${tail}`
      texts.set(key, text)
    }
    await sql.run(text, part.flat())
    from += part.length
  }
}

function sizeOf(rows: readonly (readonly Value[])[]): number {
  let size = 0
  for (const row of rows)
    for (const value of row)
      if (typeof value === 'string' || value instanceof Uint8Array) size += value.length
  return size
}

const EVENTS = {
  head: 'INSERT INTO $.postern_events (id, hash, received, contents, delivery, receiver, `key`, event_id, topic, tenant, provider, packed)',
  row: '?,?,?,?,?,?,?,?,?,?,?,?',
}
const DELIVERIES = { head: 'INSERT INTO $.postern_deliveries (id, packed)', row: '?,?' }
const BOUND = {
  head: 'INSERT INTO $.postern_tasks (id, lane, state, due, lease, token, attempt, runs, part, data, line, seq, root, fair, turn, behind, fold, gate, since)',
  row: `?,?,?,${NOW} + ?,${NOW} + (?),?,?,?,?,?,?,?,?,?,?,?,?,?,IF(? > 0, ${NOW}, NULL)`,
}

/** Stores the keys of events, in the same order in all processes to avoid deadlocks. Returns the new events. */
export async function addKeys(
  sql: Sql,
  counts: boolean,
  events: readonly NewEvent[],
): Promise<ReadonlySet<NewEvent>> {
  if (events.length === 0) return new Set()
  const keys = events
    .map((one) => ({ hash: hashOf(one.receiver, one.event.key), number: one.number }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
  const done = await sql.run(
    `INSERT INTO $.postern_keys (hash, id) VALUES ${keys.map(({ hash, number }) => `(x'${hash}',${number})`).join()}
     ON DUPLICATE KEY UPDATE hash = hash`,
  )
  if (counts && done?.changed === events.length) return new Set(events)
  const won = await sql.rows(
    `SELECT id FROM $.postern_keys FORCE INDEX (PRIMARY) WHERE hash IN (${hexes(keys.map(({ hash }) => hash))})`,
  )
  const ids = new Set(won.map(({ id }) => id))
  return new Set(events.filter(({ number }) => ids.has(number)))
}

export async function addEvents(sql: Sql, events: readonly NewEvent[]): Promise<void> {
  const shared = new Map<NewDelivery, number>()
  const rows = events.map(({ number, receiver, event, record, delivery }): Value[] => {
    const several = delivery.events > 1
    if (several && !shared.has(delivery)) shared.set(delivery, number)
    return [
      number,
      Buffer.from(hashOf(receiver, event.key), 'hex'),
      delivery.received,
      event.passing ? 1 : null,
      several ? shared.get(delivery)! : null,
      receiver,
      event.key,
      event.id ?? null,
      event.topic,
      event.tenant ?? null,
      event.provider,
      pack({ record, ...(!several && delivery) }),
    ]
  })
  await insertRows(sql, EVENTS, rows)
  await insertRows(
    sql,
    DELIVERIES,
    [...shared].map(([{ head, body }, id]) => [id, pack({ head, body })]),
  )
}

/** Stores tasks. A task with a token is claimed for `lease` milliseconds. */
export async function addTasks(
  sql: Sql,
  lease: number,
  tasks: readonly NewTask[],
  idOf: (task: NewTask) => number,
): Promise<void> {
  if (tasks.length === 0) return
  if (!tasks.some(isBound)) {
    const rows = tasks.map((task) => {
      const runs = task.token > 0 ? 1 : 0
      const until = runs > 0 ? `${NOW} + ${lease}` : 'NULL'
      return `(${idOf(task)},${task.lane},${runs},${NOW},${until},${task.token},${runs},${runs},'')`
    })
    for (let from = 0; from < rows.length; from += MANY)
      await sql.run(
        `INSERT INTO $.postern_tasks (id, lane, state, due, lease, token, attempt, runs, part) VALUES ${rows.slice(from, from + MANY).join()}`,
      )
    return
  }
  const { roots, first } = await placesOf(
    sql,
    tasks.filter(({ line }) => line !== null),
  )
  const rows = tasks.map((task, at): Value[] => {
    const { line } = task
    const wait = Math.ceil(task.wait)
    const runs = task.token > 0 ? 1 : 0
    return [
      idOf(task),
      task.lane,
      runs,
      wait,
      runs > 0 ? lease : null,
      task.token,
      runs,
      runs,
      task.part,
      task.data,
      ...(line === null ? [null, null, null] : [line, first + at, roots.get(task.lane)!]),
      task.fair,
      task.turn,
      line === null ? 0 : 1,
      task.fold,
      task.gate,
      task.gate,
    ]
  })
  await insertRows(sql, BOUND, rows)
}

/**
 * Returns the roots of the tasks' lanes (subscriptions), and the place of the first task in the order of arrival. A
 * root is a number that a subscription shares with its previous names.
 */
async function placesOf(
  sql: Sql,
  tasks: readonly NewTask[],
): Promise<{ readonly roots: ReadonlyMap<number, number>; readonly first: number }> {
  if (tasks.length === 0) return { roots: new Map(), first: 0 }
  const lanes = await sql.rows(
    `SELECT id, root FROM $.postern_lanes WHERE id IN (${list([...new Set(tasks.map(({ lane }) => lane))])})`,
  )
  // AUTO_INCREMENT is outside of transactions, so no process waits for its numbers.
  const made = await sql.run('INSERT INTO $.postern_seq () VALUES ()')
  const number = made?.id ?? (await sql.rows('SELECT LAST_INSERT_ID() AS n'))[0]!.n
  return {
    roots: new Map(lanes.map(({ id, root }) => [id, root])),
    first: number * TASKS,
  }
}

function isBound({ part, data, line, fair }: NewTask): boolean {
  return part !== '' || data !== null || line !== null || fair !== null
}
