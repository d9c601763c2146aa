import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction, type RunSql } from '@postern/postgres'
import knex, { type Knex } from 'knex'
import { receiver, source } from './hooks.ts'

const db = knex({ client: 'pg', connection: process.env['DATABASE_URL']! })

/** Knex has a `?` for each use of a value, and the inbox a number. */
function sqlOf(trx: Knex.Transaction): RunSql {
  return (text, values) => {
    const bound: Knex.RawBinding[] = []
    const sql = text.replaceAll(/\$(\d+)/g, (_, n) => {
      bound.push(values[Number(n) - 1] as Knex.RawBinding)
      return '?'
    })
    return trx.raw(sql, bound)
  }
}

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (trx) => {
    const transaction = sqlOf(trx)
    await trx('issues').insert({ id: issue.node_id, title: issue.title })
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (trx) => {
        await trx('requests').insert({ url })
        await accept(inTransaction(sqlOf(trx)))
      }),
  }),
)

export const disconnect = () => db.destroy()
