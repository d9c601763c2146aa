// The Worker that runs the inbox contract inside a Durable Object.
import { DurableObject } from 'cloudflare:workers'
import type { Inbox } from '@postern/core/inbox'
import { checks, engineSettings } from '@postern/core/engine'
import { testInbox, type InboxHandle, type TransactionProbe } from '@postern/testing'
import { openInbox } from '../../packages/cloudflare/src/object/inbox.ts'
import type { ObjectState, SqlStorage } from '../../packages/cloudflare/src/index.ts'
import { standStill } from './still.ts'

export interface Verdict {
  readonly name: string
  readonly error?: string
}

interface Env {
  readonly WEBHOOKS: {
    getByName(name: string): { run(question: Question): Promise<readonly Verdict[]> }
  }
}

export interface Question {
  /** If true, clocks advance only between events. */
  readonly still: boolean
  /** Simulates a fault: a transaction that throws is not rolled back. */
  readonly planted: boolean
}

const NEVER = { committing() {}, rolledBack() {} }

export class Webhooks extends DurableObject {
  readonly #state: ObjectState
  constructor(ctx: ObjectState, env: unknown) {
    super(ctx, env)
    this.#state = ctx
  }

  async run({ still, planted }: Question): Promise<readonly Verdict[]> {
    const end = still ? standStill() : () => {}
    const verdicts: Verdict[] = []
    try {
      for (const [name, body] of collect(planted ? withoutRollback(this.#state) : this.#state)) {
        try {
          await body()
          verdicts.push({ name })
        } catch (error) {
          verdicts.push({ name, error: String((error as Error).stack ?? error).slice(0, 2000) })
        }
      }
    } finally {
      end()
    }
    return verdicts
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const question = (await request.json()) as Question
    return Response.json(await env.WEBHOOKS.getByName('suite').run(question))
  },
}

/** Collects the tests here and not at module scope, where the clock of a Worker is 0. */
function collect(ctx: ObjectState): readonly (readonly [string, () => unknown])[] {
  const { sql } = ctx.storage
  const tests: (readonly [string, () => unknown])[] = []
  const path: string[] = []
  const probe: TransactionProbe = {
    setUp: (transaction) =>
      void (transaction as SqlStorage).exec('CREATE TABLE effects (text TEXT)'),
    write: (transaction, text) =>
      void (transaction as SqlStorage).exec('INSERT INTO effects VALUES (?)', text),
    read: () =>
      sql
        .exec('SELECT text FROM effects')
        .toArray()
        .map(({ text }) => text as string),
  }
  testInbox(
    (wish): InboxHandle => {
      empty(sql)
      const opened: Inbox[] = []
      const open = (): Inbox => {
        const options = { lease: '5s', pollInterval: 5, ...wish } as const
        const engine = engineSettings('suite', checks('suite', options), { pollInterval: 5 })
        const inbox = openInbox(ctx, { engine }, NEVER)
        opened.push(inbox)
        return inbox
      }
      return {
        inbox: open(),
        async reopen() {
          await opened.pop()!.close()
          return open()
        },
        another: open,
        abandon: () =>
          void sql.exec('UPDATE postern_processes SET gone = 1, seen = beat, silent = 1e9'),
        close: async () => void (await Promise.all(opened.map((inbox) => inbox.close()))),
      }
    },
    {
      describe(name, body) {
        path.push(name)
        body()
        path.pop()
      },
      test: (name, body) => tests.push([[...path, name].join(' > '), body]),
    },
    {
      name: 'durableObjectInbox',
      durable: true,
      shared: true,
      order: true,
      transaction: () => probe,
      keepsDone: true,
      records: true,
      bounded: true,
      guards: true,
      suspects: true,
      drain: true,
      fair: true,
      pages: true,
      journal: true,
    },
  )
  return tests
}

function empty(sql: SqlStorage): void {
  for (const type of ['view', 'table']) {
    const found = sql.exec(
      "SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE '%\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite_%'",
      type,
    )
    for (const { name } of found.toArray()) sql.exec(`DROP ${type} ${name as string}`)
  }
}

function withoutRollback(ctx: ObjectState): ObjectState {
  const { storage } = ctx
  return {
    id: ctx.id,
    blockConcurrencyWhile: (run) => ctx.blockConcurrencyWhile(run),
    storage: {
      sql: storage.sql,
      transactionSync: (run) => run(),
      getAlarm: () => storage.getAlarm(),
      setAlarm: (time) => storage.setAlarm(time),
      deleteAlarm: () => storage.deleteAlarm(),
    },
  }
}
