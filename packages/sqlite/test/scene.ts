import { spawn, type ChildProcess } from 'node:child_process'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import type { Inbox } from '@postern/core/inbox'
import { afterEach, beforeEach } from 'vitest'
import {
  createTaskRecorder,
  type TaskRecorder,
  type RecorderOptions,
} from '../../testing/src/inbox/recorder.ts'
import { sqliteInbox, type SqliteInboxOptions } from '../src/index.ts'
import { temporaryFile, type TemporaryFile } from './file.ts'

type Row = Record<string, SQLOutputValue>

/** Inboxes on the file of one test. After the test, they are closed and the file is removed. */
export interface Scene {
  readonly file: TemporaryFile
  readonly open: (options?: Partial<SqliteInboxOptions>) => Inbox
  /** Attaches a receiver that records, and starts its worker. */
  readonly join: (
    inbox: Inbox,
    options?: RecorderOptions,
  ) => TaskRecorder & { readonly port: ReturnType<Inbox['attach']> }
  /** Reads or changes the file through a connection of its own. */
  readonly edit: <T>(change: (db: DatabaseSync) => T) => T
  /** Runs statements through a connection of their own. */
  readonly run: (statements: string) => void
  readonly row: (query: string, ...values: readonly SQLInputValue[]) => Row | undefined
  readonly rows: (query: string, ...values: readonly SQLInputValue[]) => readonly Row[]
  /** Waits until the query returns a row. Tries in each turn of the event loop. */
  readonly untilFound: (query: string) => Promise<void>
}

/** Sets up a scene for each test of the file. */
export function sqliteScene(): Scene {
  let file: TemporaryFile
  let opened: Inbox[] = []
  beforeEach(() => void (file = temporaryFile()))
  afterEach(async () => {
    await Promise.all(opened.map((inbox) => inbox.close()))
    opened = []
    file.remove()
  })
  return {
    get file() {
      return file
    },
    open(options = {}) {
      const inbox = sqliteInbox({ path: file.path, pollInterval: 5, ...options })
      opened.push(inbox)
      return inbox
    },
    join(inbox, options = {}) {
      const recorder = createTaskRecorder(options)
      const port = inbox.attach(recorder.consumer)
      port.work!()
      return { ...recorder, port }
    },
    edit,
    run: (statements) => edit((db) => db.exec(statements)),
    row: (query, ...values) => edit((db) => db.prepare(query).get(...values)),
    rows: (query, ...values) => edit((db) => db.prepare(query).all(...values)),
    async untilFound(query) {
      const until = performance.now() + 15_000
      while (edit((db) => db.prepare(query).get()) === undefined) {
        if (performance.now() > until) throw new Error(`waited 15 s in vain for a row of ${query}`)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    },
  }

  function edit<T>(change: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(file.path)
    try {
      db.exec('PRAGMA busy_timeout = 5000')
      return change(db)
    } finally {
      db.close()
    }
  }
}

/** Starts `victim.ts`. */
export function startVictim(path: string, lease: string, ids: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL('victim.ts', import.meta.url))
  return spawn(process.execPath, ['--no-warnings', program, path, lease, ...ids], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
