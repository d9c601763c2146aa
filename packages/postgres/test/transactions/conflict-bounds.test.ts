import { fixed } from '@postern/core'
import { expect, test } from 'vitest'
import type { PgTransaction } from '../../src/index.ts'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' })
/** A deadlock, as query builders and apps wrap it. */
const FORMS: Readonly<Record<string, Error>> = {
  'two causes deep': new Error('a', { cause: new Error('b', { cause: deadlock }) }),
  'one of several errors': new AggregateError([new Error('no stock'), deadlock], 'all failed'),
  'in an AggregateError in a cause': new Error('a', { cause: new AggregateError([deadlock]) }),
  Sequelize: Object.assign(new Error('DatabaseError'), { parent: deadlock, original: deadlock }),
  Objection: Object.assign(new Error('DBError'), { nativeError: deadlock }),
  TypeORM: Object.assign(new Error('QueryFailedError'), { driverError: deadlock }),
  'a raw query of Prisma': Object.assign(new Error('Raw query failed'), {
    code: 'P2010',
    meta: { code: '40001', message: 'could not serialize access' },
  }),
  'SQL of Bun': Object.assign(new Error('deadlock detected'), {
    code: 'ERR_POSTGRES_SERVER_ERROR',
    errno: '40P01',
  }),
  'a code that is a number': Object.assign(new Error('serialize'), { code: 40_001 }),
}

withPostgres('conflicts that do not end', (postgres) => {
  test.each(Object.entries(FORMS))('%s: the attempt is not counted', async (_, error) => {
    const { receiver, heard, until } = listen(postgres().open())
    const runs: number[] = []
    receiver.on('thing.*', { retry: fixed({ attempts: 1, delay: 5 }) }, (__, task) => {
      runs.push(task.attempt)
      if (runs.length < 3) throw error
    })
    await receiver.receive(signed('1'))
    await until(() => heard.some((what) => /^(?:done|dead) 1$/.test(what)))
    expect(runs).toEqual([1, 1, 1])
  })

  test('what names itself as its cause is no conflict, and ends', async () => {
    const { receiver, until } = listen(postgres().open())
    receiver.on('thing.*', { retry: fixed({ attempts: 1, delay: 5 }) }, () => {
      const error = new Error('round')
      error.cause = new AggregateError([error, error, error])
      throw error
    })
    await receiver.receive(signed('1'))
    await until((heard) => heard.includes('dead 1'))
  })

  test('write runs again at most five times; then its attempt is counted', async () => {
    const { receiver, until } = listen(postgres().open())
    const runs: number[] = []
    receiver.on('thing.*', { retry: fixed({ attempts: 2, delay: 5 }) }, (_, task) =>
      task.commit(async ({ query }: PgTransaction) => {
        runs.push(task.attempt)
        await query(
          "DO $$ BEGIN RAISE 'could not serialize access' USING ERRCODE = '40001'; END $$",
        )
      }),
    )
    await receiver.receive(signed('1'))
    await until((heard) => heard.includes('dead 1'))
    expect(runs).toEqual([...Array<number>(6).fill(1), ...Array<number>(6).fill(2)])
  })

  test('in a transaction of the app it is postponed at most ten times; then it counts', async () => {
    const { receiver, heard, until } = listen(postgres().open())
    const runs: number[] = []
    receiver.on('thing.*', { retry: fixed({ attempts: 2, delay: 5 }) }, (_, task) => {
      runs.push(task.attempt)
      throw new Error('failed', { cause: Object.assign(new Error('deadlock'), { code: '40P01' }) })
    })
    await receiver.receive(signed('1'))
    await until(() => heard.includes('dead 1'))
    expect(runs).toEqual([...Array<number>(11).fill(1), ...Array<number>(11).fill(2)])
  })

  test('as many open commits as there are connections reject no delivery', async () => {
    const { receiver, until } = listen(postgres().open({ deadline: '1s', maxConnections: 6 }))
    const end = Promise.withResolvers<void>()
    let open = 0
    receiver.on('thing.*', { concurrency: 20 }, async ({ id }, task) => {
      if (id === 'quick') return
      await task.commit(() => {
        open += 1
        return end.promise
      })
    })
    // The first delivery creates the tables, so it may miss the deadline.
    for (let at = 0; at < 12;)
      if ((await receiver.receive(signed(`slow ${at}`))).status === 200) at++
    await expect.poll(() => open).toBe(3)
    expect((await receiver.receive(signed('quick'))).status).toBe(200)
    await until((heard) => heard.includes('done quick'))
    end.resolve()
    await until((heard) => heard.filter((what) => what.startsWith('done slow')).length === 12)
  })
})
