import { createServer } from 'node:http'
import { inTransaction } from '@postern/mysql'
import { sequelizeSql } from '@postern/mysql/sequelize'
import { webhook } from '@postern/node'
import { DataTypes, Sequelize } from 'sequelize'
import { receiver, source } from './hooks.ts'

const db = new Sequelize(process.env['DATABASE_URL']!, { dialect: 'mysql', logging: false })
const plain = { timestamps: false }
const Issue = db.define(
  'issues',
  { id: { type: DataTypes.STRING, primaryKey: true }, title: DataTypes.STRING },
  plain,
)
const Request = db.define('requests', { url: { type: DataTypes.STRING, primaryKey: true } }, plain)

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (transaction) => {
    const sql = sequelizeSql(db, transaction)
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(sql))
    await Issue.create({ id: issue.node_id, title: issue.title }, { transaction })
    await task.commit({ in: sql })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (transaction) => {
        await accept(inTransaction(sequelizeSql(db, transaction)))
        await Request.create({ url }, { transaction })
      }),
  }),
)

export const disconnect = () => db.close()
