import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { collect, takeRequest } from './by-hand.ts'
import { listen, type Subject } from './subject.ts'

/** node:http, hand-written, with the body in SQLite (synchronous=FULL) before the 200: one transaction a tick, no more. */
export const subject: Subject = {
  sender: 'github',
  framework: 'node',
  start() {
    const store = storer()
    return listen(async (request, response) => {
      const body = await collect(request)
      const status = takeRequest(request, body)
      if (status === 200) await store(body)
      response.writeHead(status, { 'content-length': '0' })
      response.end()
    })
  },
}

/** Stores what comes in one turn of the event loop together. */
function storer(): (body: Uint8Array) => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const database = new DatabaseSync(join(folder, 'webhooks.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE deliveries (id INTEGER PRIMARY KEY, body BLOB NOT NULL)')
  const insert = database.prepare('INSERT INTO deliveries (body) VALUES (?)')
  let waiting: { readonly body: Uint8Array; readonly stored: () => void }[] = []
  return (body) =>
    new Promise((stored) => {
      if (waiting.push({ body, stored }) === 1) setImmediate(flush)
    })

  function flush(): void {
    const batch = waiting
    waiting = []
    database.exec('BEGIN')
    for (const { body } of batch) insert.run(body)
    database.exec('COMMIT')
    for (const { stored } of batch) stored()
  }
}
