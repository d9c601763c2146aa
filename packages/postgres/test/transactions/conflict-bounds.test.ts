import { fixed } from '@postern/core'
import { expect, test } from 'vitest'
import { postgresInbox, type PgTransaction } from '../../src/index.ts'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

withPostgres('conflicts that do not end', (postgres) => {
  test('write runs again at most five times; then its attempt is counted', async () => {
    const options = { connectionString: postgres().service.url, schema: postgres().schema() }
    const inbox = postgresInbox(options)
    const { receiver, until } = listen(inbox)
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
    await receiver.close()
    await inbox.close()
  })

  test('in a transaction of the app it is postponed at most ten times; then it counts', async () => {
    const options = { connectionString: postgres().service.url, schema: postgres().schema() }
    const inbox = postgresInbox(options)
    const { receiver, heard, until } = listen(inbox)
    const runs: number[] = []
    receiver.on('thing.*', { retry: fixed({ attempts: 2, delay: 5 }) }, (_, task) => {
      runs.push(task.attempt)
      throw new Error('failed', { cause: Object.assign(new Error('deadlock'), { code: '40P01' }) })
    })
    await receiver.receive(signed('1'))
    await until(() => heard.includes('dead 1'))
    expect(runs).toEqual([...Array<number>(11).fill(1), ...Array<number>(11).fill(2)])
    await receiver.close()
    await inbox.close()
  })

  test('as many open commits as there are connections refuse no delivery', async () => {
    const options = { connectionString: postgres().service.url, schema: postgres().schema() }
    const inbox = postgresInbox({ ...options, deadline: '1s', maxConnections: 6 })
    const { receiver, until } = listen(inbox)
    const end = Promise.withResolvers<void>()
    let open = 0
    receiver.on('thing.*', { concurrency: 20 }, async ({ id }, task) => {
      if (id === 'quick') return
      await task.commit(() => {
        open += 1
        return end.promise
      })
    })
    // The first one makes the tables, which may take longer than the deadline.
    for (let at = 0; at < 12;)
      if ((await receiver.receive(signed(`slow ${at}`))).status === 200) at++
    await expect.poll(() => open).toBe(3)
    expect((await receiver.receive(signed('quick'))).status).toBe(200)
    await until((heard) => heard.includes('done quick'))
    end.resolve()
    await until((heard) => heard.filter((what) => what.startsWith('done slow')).length === 12)
    await receiver.close()
    await inbox.close()
  })
})
