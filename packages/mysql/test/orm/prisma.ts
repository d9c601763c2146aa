import { createServer } from 'node:http'
import { inTransaction } from '@postern/mysql'
import { prismaSql } from '@postern/mysql/prisma'
import { webhook } from '@postern/node'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { receiver, source } from './hooks.ts'
import { PrismaClient } from './prisma/generated/client.ts'

const adapter = new PrismaMariaDb(process.env['DATABASE_URL']!.replace('mysql:', 'mariadb:'))
const db = new PrismaClient({ adapter })

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.$transaction(async (tx) => {
    const transaction = prismaSql(tx)
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await tx.issue.create({ data: { id: issue.node_id, title: issue.title } })
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.$transaction(async (tx) => {
        await accept(inTransaction(prismaSql(tx)))
        await tx.request.create({ data: { url } })
      }),
  }),
)

export const disconnect = () => db.$disconnect()
