import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction } from '@postern/postgres'
import { typeormSql } from '@postern/postgres/typeorm'
import { DataSource, EntitySchema } from 'typeorm'
import { receiver, source } from './hooks.ts'

const Issue = new EntitySchema<{ id: string; title: string }>({
  name: 'issues',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' } },
})
const Request = new EntitySchema<{ url: string }>({
  name: 'requests',
  columns: { url: { type: 'text', primary: true } },
})

const db = new DataSource({
  type: 'postgres',
  url: process.env['DATABASE_URL']!,
  entities: [Issue, Request],
})
await db.initialize()

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.transaction(async (manager) => {
    const transaction = typeormSql(manager)
    await manager.insert(Issue, { id: issue.node_id, title: issue.title })
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.transaction(async (manager) => {
        await manager.insert(Request, { url })
        await accept(inTransaction(typeormSql(manager)))
      }),
  }),
)

export const disconnect = () => db.destroy()
