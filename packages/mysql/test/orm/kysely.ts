import { createServer } from 'node:http'
import { inTransaction } from '@postern/mysql'
import { kyselySql } from '@postern/mysql/kysely'
import { webhook } from '@postern/node'
import { Kysely, MysqlDialect } from 'kysely'
import mysql from 'mysql2'
import { receiver, source } from './hooks.ts'

interface Tables {
  issues: { id: string; title: string }
  requests: { url: string }
}

const pool = mysql.createPool(process.env['DATABASE_URL']!)
const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) })

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction().execute(async (trx) => {
    const transaction = kyselySql(trx)
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await trx.insertInto('issues').values({ id: issue.node_id, title: issue.title }).execute()
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction().execute(async (trx) => {
        await accept(inTransaction(kyselySql(trx)))
        await trx.insertInto('requests').values({ url }).execute()
      }),
  }),
)

export const disconnect = () => db.destroy()
