import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction } from '@postern/postgres'
import { pgSql } from '@postern/postgres/pg'
import pg from 'pg'
import { receiver, source } from './hooks.ts'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL']! })

async function inOne(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await work(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  inOne(async (client) => {
    const transaction = pgSql(client)
    await client.query('INSERT INTO issues VALUES ($1, $2)', [issue.node_id, issue.title])
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url }) =>
      inOne(async (client) => {
        await client.query('INSERT INTO requests VALUES ($1)', [url])
        await accept(inTransaction(pgSql(client)))
      }),
  }),
)

export const disconnect = () => pool.end()
