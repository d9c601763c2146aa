import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction, type RunSql } from '@postern/postgres'
import { DataTypes, QueryTypes, Sequelize, type Transaction } from 'sequelize'
import { receiver, source } from './hooks.ts'

const db = new Sequelize(process.env['DATABASE_URL']!, { dialect: 'postgres', logging: false })
const plain = { timestamps: false }
const Issue = db.define(
  'issues',
  { id: { type: DataTypes.STRING, primaryKey: true }, title: DataTypes.STRING },
  plain,
)
const Request = db.define('requests', { url: { type: DataTypes.STRING, primaryKey: true } }, plain)

/** Each statement of the inbox returns rows. */
function sqlOf(transaction: Transaction): RunSql {
  return (text, bind) => db.query(text, { bind, transaction, type: QueryTypes.SELECT })
}

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (transaction) => {
    const sql = sqlOf(transaction)
    await Issue.create({ id: issue.node_id, title: issue.title }, { transaction })
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(sql))
    await task.commit({ in: sql })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (transaction) => {
        await Request.create({ url }, { transaction })
        await accept(inTransaction(sqlOf(transaction)))
      }),
  }),
)

export const disconnect = () => db.close()
