import { createServer } from 'node:http'
import { inTransaction } from '@postern/mysql'
import { typeormSql } from '@postern/mysql/typeorm'
import { webhook } from '@postern/node'
import { DataSource, EntitySchema } from 'typeorm'
import { receiver, source } from './hooks.ts'

const Issue = new EntitySchema<{ id: string; title: string }>({
  name: 'issues',
  columns: { id: { type: 'varchar', primary: true }, title: { type: 'varchar' } },
})
const Request = new EntitySchema<{ url: string }>({
  name: 'requests',
  columns: { url: { type: 'varchar', primary: true } },
})

const db = new DataSource({
  type: 'mariadb',
  url: process.env['DATABASE_URL']!,
  entities: [Issue, Request],
})
await db.initialize()

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (manager) => {
    const transaction = typeormSql(manager)
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await manager.insert(Issue, { id: issue.node_id, title: issue.title })
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (manager) => {
        await accept(inTransaction(typeormSql(manager)))
        await manager.insert(Request, { url })
      }),
  }),
)

export const disconnect = () => db.destroy()
