import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver } from '@postern/core'
import { sqliteInbox } from '@postern/sqlite'
import { acme } from '@postern/testing'
import { openHandlers, SECRET, SUBSCRIPTIONS } from './handlers.ts'

export interface Verdict {
  /** Acknowledged events that are missing, or that lack a task. */
  readonly lost: readonly string[]
  /** Effects that exist twice or whose task is not settled, and settled tasks without their effect. */
  readonly torn: readonly string[]
  /** Output of `PRAGMA integrity_check`. */
  readonly integrity: string
}

/** Writes the files into a folder, opens the database and looks for the acknowledged events. */
export function judge(
  files: ReadonlyMap<string, Buffer>,
  acknowledged: readonly string[],
): Verdict {
  return within(files, (path) => judgeAt(path, acknowledged))
}

/** Runs an inbox on the files until each acknowledged event has its one effect. Returns the events that lack it. */
export async function finish(
  files: ReadonlyMap<string, Buffer>,
  acknowledged: readonly string[],
): Promise<readonly string[]> {
  return within(files, async (path) => {
    const inbox = sqliteInbox({ path, lease: '1s', pollInterval: 20 })
    const receiver = createReceiver({ provider: acme({ secret: SECRET }), inbox, log: false })
    openHandlers(receiver)
    const work = receiver.startWorker()
    let open = acknowledged
    for (const late = performance.now() + PATIENCE; performance.now() < late && open.length > 0;) {
      const { rows } = await inbox.view!.list({ state: 'done', limit: 1000 })
      const done = new Set(rows.map(({ subscription, event }) => `${subscription} ${event.id}`))
      open = acknowledged.filter((id) => SUBSCRIPTIONS.some((name) => !done.has(`${name} ${id}`)))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await work
    await receiver.close()
    await inbox.close()
    const { lost, torn, integrity } = judgeAt(path, acknowledged)
    return [...open, ...lost, ...torn, ...(integrity === 'ok' ? [] : [integrity])]
  })
}

const PATIENCE = 60_000

/** Looks for the acknowledged events in a database. */
export function judgeAt(path: string, acknowledged: readonly string[]): Verdict {
  const db = new DatabaseSync(path)
  try {
    return look(db, acknowledged)
  } finally {
    db.close()
  }
}

function look(db: DatabaseSync, acknowledged: readonly string[]): Verdict {
  const column = (query: string): string[] =>
    db
      .prepare(query)
      .all()
      .map((row) => String(row['value']))
  const tasks = new Set(
    column(
      `SELECT l.name || ' ' || e.event_id AS value
       FROM (SELECT id, lane FROM postern_tasks UNION ALL SELECT id, lane FROM postern_claimed) t
       JOIN postern_events e ON e.id = t.id >> 16 JOIN postern_lanes l ON l.id = t.lane`,
    ),
  )
  const exact = column(
    `SELECT e.event_id AS value FROM postern_tasks t JOIN postern_events e ON e.id = t.id >> 16
     JOIN postern_lanes l ON l.id = t.lane WHERE l.name = 'exact' AND t.state = 2`,
  ).toSorted()
  const has = column(`SELECT name AS value FROM sqlite_schema WHERE name = 'effects'`).length > 0
  const effects = has ? column('SELECT id AS value FROM effects').toSorted() : []
  return {
    lost: acknowledged.filter((id) => SUBSCRIPTIONS.some((name) => !tasks.has(`${name} ${id}`))),
    torn: effects.join() === exact.join() ? [] : difference(effects, exact),
    integrity: column('SELECT integrity_check AS value FROM pragma_integrity_check').join(),
  }
}

function difference(a: readonly string[], b: readonly string[]): string[] {
  const all = [...new Set([...a, ...b])]
  const count = (list: readonly string[], id: string): number =>
    list.filter((one) => one === id).length
  return all.filter((id) => count(a, id) !== count(b, id))
}

function within<Result>(files: ReadonlyMap<string, Buffer>, run: (path: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'postern-power-'))
  for (const [name, content] of files) writeFileSync(join(folder, name), content)
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  let result: Result
  try {
    result = run(join(folder, DATABASE))
  } catch (error) {
    remove()
    throw error
  }
  if (result instanceof Promise) return result.finally(remove) as Result
  remove()
  return result
}

export const DATABASE = 'inbox.db'
