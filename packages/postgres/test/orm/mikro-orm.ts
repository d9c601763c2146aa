import { createServer } from 'node:http'
import { EntitySchema, MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql'
import { webhook } from '@postern/node'
import { inTransaction, type RunSql } from '@postern/postgres'
import { receiver, source } from './hooks.ts'

const Issue = new EntitySchema<{ id: string; title: string }>({
  name: 'issues',
  properties: { id: { type: 'text', primary: true }, title: { type: 'text' } },
})
const Request = new EntitySchema<{ url: string }>({
  name: 'requests',
  properties: { url: { type: 'text', primary: true } },
})

const orm = await MikroORM.init({
  clientUrl: process.env['DATABASE_URL']!,
  entities: [Issue, Request],
})

/** MikroORM has a `?` for each use of a value, and the inbox a number. */
function sqlOf(em: SqlEntityManager): RunSql {
  return (text, values) => {
    const bound: unknown[] = []
    const sql = text.replaceAll(/\$(\d+)/g, (_, n) => {
      bound.push(values[Number(n) - 1])
      return '?'
    })
    return em.getConnection().execute(sql, bound, 'all', em.getTransactionContext())
  }
}

receiver.on('issues.opened', ({ payload: { issue } }, task) =>
  orm.em.fork().transactional(async (em) => {
    const transaction = sqlOf(em)
    await em.insert(Issue, { id: issue.node_id, title: issue.title })
    await source.emit({ topic: 'issue.noted', payload: issue.title }, inTransaction(transaction))
    await task.commit({ in: transaction })
  }),
)

export const server = createServer(
  webhook(receiver, {
    transaction: (accept, { url = '/' }) =>
      orm.em.fork().transactional(async (em) => {
        await em.insert(Request, { url })
        await accept(inTransaction(sqlOf(em)))
      }),
  }),
)

export const disconnect = () => orm.close()
