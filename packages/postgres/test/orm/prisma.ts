import { createServer } from 'node:http'
import { webhook } from '@postern/node'
import { inTransaction } from '@postern/postgres'
import { prismaSql } from '@postern/postgres/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { receiver, source } from './hooks.ts'
import { PrismaClient } from './prisma/generated/client.ts'

const adapter = new PrismaPg({ connectionString: process.env['DATABASE_URL']! })
const db = new PrismaClient({ adapter })

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  db.$transaction(async (tx) => {
    const transaction = prismaSql(tx)
    await tx.issue.create({ data: { id: issue.node_id, title: issue.title } })
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      db.$transaction(async (tx) => {
        await tx.request.create({ data: { url } })
        await accept(inTransaction(prismaSql(tx)))
      }),
  }),
)

export const disconnect = () => db.$disconnect()
