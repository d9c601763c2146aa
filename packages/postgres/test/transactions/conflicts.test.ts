import { fixed, type Task, type WebhookEvent } from '@postern/core'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { describe, expect, test } from 'vitest'
import { pgSql } from '../../src/orm/pg.ts'
import { prismaSql } from '../../src/orm/prisma.ts'
import type { PgTransaction } from '../../src/index.ts'
import { PrismaClient } from '../orm/prisma/generated/client.ts'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

type Query = (text: string, values?: unknown[]) => Promise<unknown>

/**
 * Runs `work` in the transaction that settles a task: the inbox's own, or one of the app. Awaits `last` before the
 * COMMIT.
 */
type Settle = (
  pool: pg.Pool,
  task: Task,
  work: (query: Query) => Promise<unknown>,
  last?: () => Promise<unknown>,
) => Promise<void>

const WAYS: readonly (readonly [string, Settle])[] = [
  [
    'commit(write)',
    async (_, task, work, last) => {
      await task.commit(async ({ query }: PgTransaction) => {
        await work(query)
        await last?.()
      })
    },
  ],
  [
    'commit({ in })',
    async (pool, task, work, last) => {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        await work((text, values) => client.query(text, values))
        await task.commit({ in: pgSql(client) })
        await last?.()
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        // Query builders wrap the error like this.
        throw new Error('the query failed', { cause: error })
      } finally {
        client.release()
      }
    },
  ],
  [
    // Prisma throws its own errors, which contain the server's error.
    'commit({ in }) of Prisma',
    async (pool, task, work, last) => {
      const { connectionString } = pool.options
      const db = new PrismaClient({ adapter: new PrismaPg({ connectionString }) })
      try {
        await db.$transaction(async (tx) => {
          await work((text, values = []) => tx.$queryRawUnsafe(text, ...values))
          await task.commit({ in: prismaSql(tx) })
          await last?.()
        })
      } finally {
        await db.$disconnect()
      }
    },
  ],
]

withPostgres('transactions in conflict', (postgres) => {
  const retry = fixed({ attempts: 3, delay: 5 })

  describe.each(WAYS)('%s', (_, settle) => {
    test('two that deadlock are both done, and no attempt is counted', async () => {
      const { pool, schema, open } = postgres()
      const name = schema()
      await pool.query(
        `CREATE TABLE accounts_${name} (id text PRIMARY KEY, n int); INSERT INTO accounts_${name} VALUES ('a', 0), ('b', 0)`,
      )
      const add = (query: Query, id: string) =>
        query(`UPDATE accounts_${name} SET n = n + 1 WHERE id = $1`, [id])
      const { receiver, until } = listen(open())
      const attempts: number[] = []
      const both = Promise.withResolvers<void>()
      let first = 0
      receiver.on('thing.*', { retry }, ({ id }, task) =>
        settle(pool, task, async (query) => {
          attempts.push(task.attempt)
          await add(query, id!)
          // Each transaction has written one row, and waits for the row of the other.
          if (++first === 2) both.resolve()
          await both.promise
          await add(query, id === 'a' ? 'b' : 'a')
        }),
      )
      await Promise.all([receiver.receive(signed('a')), receiver.receive(signed('b'))])
      await until((heard) => heard.includes('done a') && heard.includes('done b'))
      expect(attempts.length).toBeGreaterThan(2)
      expect(new Set(attempts)).toEqual(new Set([1]))
      const { rows } = await pool.query(`SELECT n FROM accounts_${name}`)
      expect(rows).toEqual([{ n: 2 }, { n: 2 }])
    })

    test('one that is open rejects no delivery, of its own order key or of another, and what comes after runs in order', async () => {
      const { pool, open } = postgres()
      const { receiver, until } = listen(open({ deadline: '1s' }))
      const opened = Promise.withResolvers<void>()
      const end = Promise.withResolvers<void>()
      const ran: string[] = []
      const orderingKey = ({ id }: WebhookEvent): string => id!.slice(0, 1)
      receiver.on('thing.*', { orderingKey, concurrency: 20 }, ({ id }, task) =>
        settle(
          pool,
          task,
          async () => ran.push(id!),
          async () => {
            if (id !== 'a1') return
            opened.resolve()
            await end.promise
          },
        ),
      )
      // The first delivery creates the tables, so it may miss the deadline.
      while ((await receiver.receive(signed('a1'))).status !== 200);
      await opened.promise
      const ids = ['a2', 'b1', 'a3', 'c1', 'd1', 'b2']
      const replies = await Promise.all(ids.map((id) => receiver.receive(signed(id))))
      expect(replies.map(({ status }) => status)).toEqual(ids.map(() => 200))
      const others = ['b1', 'c1', 'd1', 'b2']
      await until((heard) => others.every((id) => heard.includes(`done ${id}`)))
      expect(ran.filter((id) => id.startsWith('a'))).toEqual(['a1'])
      end.resolve()
      await until((heard) => heard.includes('done a3'))
      expect(ran.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
    })
  })

  test('a commit that is open for longer than its lease keeps it, though another process looks', async () => {
    const { pool, schema, open } = postgres()
    const options = { schema: schema(), lease: '1s' } as const
    const { receiver, until } = listen(open(options))
    const end = Promise.withResolvers<void>()
    receiver.on('thing.*', (_, task) => task.commit(() => end.promise))
    await receiver.receive(signed('1'))
    const row = async () =>
      (
        await pool.query(
          `SELECT runs, cut, state, lease < extract(epoch FROM clock_timestamp()) * 1000 AS over FROM ${options.schema}.postern_tasks`,
        )
      ).rows
    const isOpen = { runs: 1, cut: 0, state: 1, over: true }
    await expect.poll(row).toEqual([isOpen])
    const looking = listen(open(options), { worker: 'onDemand' }).receiver
    looking.on('thing.*', () => {})
    // `runDue` first looks for ended leases.
    expect(await looking.runDue()).toMatchObject({ ran: 0 })
    expect(await row()).toEqual([isOpen])
    end.resolve()
    await until((heard) => heard.includes('done 1'))
    expect(await row()).toEqual([{ runs: 1, cut: 0, state: 2, over: null }])
  })

  test('in an app of serializable transactions the next of an order key runs too', async () => {
    const { pool, schema, urlOf, open } = postgres()
    const user = schema()
    await pool.query(
      `CREATE ROLE ${user} SUPERUSER LOGIN; ALTER ROLE ${user} SET default_transaction_isolation = 'serializable'`,
    )
    const { receiver, until } = listen(open({ connectionString: urlOf(user) }))
    const levels = new Set<unknown>()
    const ran: string[] = []
    receiver.on('thing.*', { orderingKey: () => 'one' }, ({ id }, task) =>
      task.commit(async ({ query }: PgTransaction) => {
        ran.push(id!)
        const { rows } = await query('SHOW transaction_isolation')
        levels.add(rows[0]!['transaction_isolation'])
      }),
    )
    const ids = ['1', '2', '3', '4', '5']
    for (const id of ids) expect((await receiver.receive(signed(id))).status).toBe(200)
    await until((heard) => heard.includes('done 5'))
    expect(ran).toEqual(ids)
    expect(levels).toEqual(new Set(['serializable']))
  })
})
