import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Intake } from '@postern/core/engine'
import { rounds, type Contender } from './parts/settled.ts'

/**
 * Hand-written SQLite code with only the duties of a durable inbox. One transaction per event loop turn looks up the
 * key, stores key, event and task, and settles the tasks of the previous turn.
 */
export function byHandSqlite(): Contender {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const database = new DatabaseSync(join(folder, 'bare.db'))
  database.exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE keys (key TEXT PRIMARY KEY, event INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE events (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, received INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL);
    CREATE TABLE tasks (id INTEGER PRIMARY KEY, event INTEGER NOT NULL, state INTEGER NOT NULL, ended INTEGER)`)
  const known = database.prepare('SELECT event FROM keys WHERE key = ?')
  const key = database.prepare('INSERT INTO keys VALUES (?, ?)')
  const event = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)')
  const task = database.prepare('INSERT INTO tasks VALUES (?, ?, 1, NULL)')
  const settle = database.prepare('UPDATE tasks SET state = 2, ended = ? WHERE id = ?')
  let last = 0
  let waiting: { readonly intake: Intake; readonly stored: () => void }[] = []
  let ended: number[] = []
  let asked = false
  const { round, ended: settled } = rounds(
    (intake) =>
      new Promise<void>((stored) => {
        waiting.push({ intake, stored })
        ask()
      }),
  )

  return {
    name: 'node:sqlite by hand',
    round,
    async close() {
      database.close()
      rmSync(folder, { recursive: true })
    },
  }

  function ask(): void {
    if (asked) return
    asked = true
    setImmediate(write)
  }

  function write(): void {
    asked = false
    const [batch, before] = [waiting, ended]
    waiting = []
    ended = []
    database.exec('BEGIN IMMEDIATE')
    for (const { intake } of batch) ended.push(store(intake))
    const now = Date.now()
    for (const id of before) settle.run(now, id)
    database.exec('COMMIT')
    for (const { stored } of batch) stored()
    if (ended.length > 0) ask()
    if (before.length > 0) settled(before.length)
  }

  function store({ delivery, items: [item] }: Intake): number {
    const { method, url, headers, body, receivedAt } = delivery
    const found = known.get(item!.event.key) as { event: number } | undefined
    if (found) return found.event
    last++
    key.run(item!.event.key, last)
    event.run(last, item!.event.topic, receivedAt, JSON.stringify({ method, url, headers }), body)
    task.run(last, last)
    return last
  }
}
