import { createServer } from 'node:http'
import { inTransaction } from '@postern/mysql'
import { knexSql } from '@postern/mysql/knex'
import { webhook } from '@postern/node'
import knex from 'knex'
import { receiver, source } from './hooks.ts'

const db = knex({ client: 'mysql2', connection: process.env['DATABASE_URL']! })

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (trx) => {
    const transaction = knexSql(trx)
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await trx('issues').insert({ id: issue.node_id, title: issue.title })
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (trx) => {
        await accept(inTransaction(knexSql(trx)))
        await trx('requests').insert({ url })
      }),
  }),
)

export const disconnect = () => db.destroy()
