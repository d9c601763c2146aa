import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction } from '@postern/postgres'
import { kyselySql } from '@postern/postgres/kysely'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { receiver, source } from './hooks.ts'

interface Tables {
  issues: { id: string; title: string }
  requests: { url: string }
}

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL']! })
const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction().execute(async (trx) => {
    const transaction = kyselySql(trx)
    await trx.insertInto('issues').values({ id: issue.node_id, title: issue.title }).execute()
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction().execute(async (trx) => {
        await trx.insertInto('requests').values({ url }).execute()
        await accept(inTransaction(kyselySql(trx)))
      }),
  }),
)

export const disconnect = () => db.destroy()
