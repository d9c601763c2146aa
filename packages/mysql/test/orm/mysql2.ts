import { createServer } from 'node:http'
import { inTransaction } from '@postern/mysql'
import { mysql2Sql } from '@postern/mysql/mysql2'
import { webhook } from '@postern/node'
import mysql from 'mysql2/promise'
import { receiver, source } from './hooks.ts'

const pool = mysql.createPool(process.env['DATABASE_URL']!)

async function inOne(work: (connection: mysql.PoolConnection) => Promise<void>): Promise<void> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    await work(connection)
    await connection.commit()
  } catch (error) {
    await connection.rollback()
    throw error
  } finally {
    connection.release()
  }
}

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  inOne(async (connection) => {
    const transaction = mysql2Sql(connection)
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await connection.execute('INSERT INTO issues VALUES (?, ?)', [issue.node_id, issue.title])
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      inOne(async (connection) => {
        await accept(inTransaction(mysql2Sql(connection)))
        await connection.execute('INSERT INTO requests VALUES (?)', [url])
      }),
  }),
)

export const disconnect = () => pool.end()
