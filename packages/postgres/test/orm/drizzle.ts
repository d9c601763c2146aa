import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction } from '@postern/postgres'
import { drizzleSql } from '@postern/postgres/drizzle'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { receiver, source } from './hooks.ts'

const issues = pgTable('issues', { id: text().notNull(), title: text().notNull() })
const requests = pgTable('requests', { url: text().notNull() })

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL']! })
const db = drizzle({ client: pool })

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (tx) => {
    const transaction = drizzleSql(tx)
    await tx.insert(issues).values({ id: issue.node_id, title: issue.title })
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (tx) => {
        await tx.insert(requests).values({ url })
        await accept(inTransaction(drizzleSql(tx)))
      }),
  }),
)

export const disconnect = () => pool.end()
