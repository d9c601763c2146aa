import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction } from '@postern/postgres'
import { postgresJsSql } from '@postern/postgres/postgres-js'
import postgres from 'postgres'
import { receiver, source } from './hooks.ts'

const db = postgres(process.env['DATABASE_URL']!)

receiver.on('issues.opened', async ({ payload: { issue } }, task) => {
  await db.begin(async (sql) => {
    const transaction = postgresJsSql(sql)
    await sql`INSERT INTO issues (id, title) VALUES (${issue.node_id}, ${issue.title})`
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  })
})

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.begin(async (sql) => {
        await sql`INSERT INTO requests (url) VALUES (${url})`
        await accept(inTransaction(postgresJsSql(sql)))
      }),
  }),
)

export const disconnect = () => db.end()
