import { createServer } from 'node:http'
import { inTransaction } from '@postern/mysql'
import { drizzleSql } from '@postern/mysql/drizzle'
import { webhook } from '@postern/node'
import { mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import mysql from 'mysql2/promise'
import { receiver, source } from './hooks.ts'

const issues = mysqlTable('issues', {
  id: varchar({ length: 100 }).notNull(),
  title: varchar({ length: 100 }).notNull(),
})
const requests = mysqlTable('requests', { url: varchar({ length: 100 }).notNull() })

const pool = mysql.createPool(process.env['DATABASE_URL']!)
const db = drizzle({ client: pool })

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (tx) => {
    const transaction = drizzleSql(tx)
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await tx.insert(issues).values({ id: issue.node_id, title: issue.title })
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (tx) => {
        await accept(inTransaction(drizzleSql(tx)))
        await tx.insert(requests).values({ url })
      }),
  }),
)

export const disconnect = () => pool.end()
