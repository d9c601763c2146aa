// Takes 20 s.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Inbox } from '@postern/core/inbox'
import { sqliteInbox } from '@postern/sqlite'
import { testInbox } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import {
  chargesNeighbours,
  closeUsesAttempt,
  erasesNothing,
  erasesWhatIsOpen,
  neverSplits,
  type Flaw,
} from './flaws.ts'

/** A flaw, and the tests of the published suite that must find it. */
const FLAWS: readonly (readonly [string, () => Flaw, readonly string[]])[] = [
  [
    'charges neighbours for a crash',
    chargesNeighbours,
    ['an interruption uses no attempt, and the view shows it'],
  ],
  [
    'uses an attempt when it closes',
    closeUsesAttempt,
    [
      'what still runs at the end is released: no attempt is used, and its late outcome is rejected',
      'ten deploys in a row use no attempt, and make no suspect of a task',
    ],
  ],
  [
    'never splits a batch',
    neverSplits,
    ['an outcome that cannot be stored is buried with its reason, and holds up no other'],
  ],
  [
    'counts what it should erase, and erases nothing',
    erasesNothing,
    [
      'contents are erased, and identity, topic and times stay',
      'a redelivery of an erased event is a duplicate, and nothing runs it again',
    ],
  ],
  [
    'erases the contents of a task that has yet to run',
    erasesWhatIsOpen,
    ['an event with an open task is left as it is'],
  ],
]

describe('testInbox finds an inbox that', () => {
  test.each(FLAWS)(
    '%s',
    async (_, flaw, finders) => {
      expect(await failures((inbox) => inbox, finders), 'a sound inbox passes').toEqual([])
      const flawed = flaw()
      expect(await failures(flawed, finders)).toEqual(finders)
    },
    60_000,
  )
})

async function failures(flaw: Flaw, names: readonly string[]): Promise<readonly string[]> {
  const tests = new Map<string, () => void | Promise<void>>()
  testInbox(
    () => store(flaw),
    { describe: (_, body) => body(), test: (name, body) => void tests.set(name, body) },
    {
      name: 'flawed',
      durable: true,
      shared: true,
      suspects: true,
      pages: true,
      keepsDone: true,
    },
  )
  const failed: string[] = []
  for (const name of names) {
    const body = tests.get(name)
    if (!body) throw new Error(`the suite has no test named ${name}`)
    try {
      await body()
    } catch {
      failed.push(name)
    }
  }
  return failed
}

function store(flaw: Flaw) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-flaws-'))
  const path = join(folder, 'inbox.db')
  const opened: Inbox[] = []
  const open = (): Inbox => {
    const inbox = sqliteInbox({ path, pollInterval: 5 })
    opened.push(inbox)
    return flaw(inbox)
  }
  return {
    inbox: open(),
    another: open,
    async reopen() {
      await opened.pop()!.close()
      return open()
    },
    abandon() {
      const db = new DatabaseSync(path)
      db.exec(
        'PRAGMA busy_timeout = 5000; UPDATE postern_processes SET gone = 1, seen = beat, silent = 1e9',
      )
      db.close()
    },
    async close() {
      await Promise.all(opened.map((inbox) => inbox.close()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
