import { fixed, Unrecoverable } from '@postern/core'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { expect, test } from 'vitest'
import { pgBossInbox } from '../src/index.ts'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('pgBossInbox on the parts of an application', (postgres) => {
  test('works on a pool and a pg-boss that are there already, and leaves both open', async () => {
    const { service, schema } = postgres()
    const pool = new pg.Pool({ connectionString: service.url })
    const name = schema()
    const boss = new PgBoss({ connectionString: service.url, schema: name, schedule: false })
    await boss.start()
    const inbox = pgBossInbox({ pool, boss, schema: name })
    const { receiver, until } = listen(inbox)
    receiver.on('thing.*', { name: 'a/b c' }, () => {})
    await receiver.receive(signed('1'))
    await until((heard) => heard.includes('done 1'))
    await receiver.close()
    await inbox.close()
    // A queue a subscription, whatever its name.
    const queues = await boss.getQueues()
    expect(queues.map((queue) => queue.name)).toContain('postern/acme/a_2fb_20c')
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await boss.stop()
    await pool.end()
  })

  test('a dead task is a failed job of its own queue, and there is no other job of it', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = pgBossInbox({ connectionString: service.url, schema: name })
    const { receiver, until } = listen(inbox)
    receiver.on('thing.*', { name: 'a', retry: fixed({ attempts: 1, delay: 0 }) }, () => {
      throw new Unrecoverable('no such customer \0\ud800')
    })
    await receiver.receive(signed('1'))
    await until((heard) => heard.includes('dead 1'))
    const { rows } = await pool.query(
      `SELECT name, state, output->>'message' AS text FROM ${name}.job`,
    )
    expect(rows).toEqual([
      { name: 'postern/acme/a', state: 'failed', text: 'no such customer \ufffd\ufffd' },
    ])
    await receiver.close()
    await inbox.close()
  })

  test('several processes that start on an empty database at once all do', async () => {
    const { service, schema } = postgres()
    const name = schema()
    const all = Array.from({ length: 4 }, () =>
      listen(pgBossInbox({ connectionString: service.url, schema: name }), { work: false }),
    )
    const inboxes = all.map(({ receiver }) => receiver.on('thing.*', () => {}))
    const replies = await Promise.all(inboxes.map((one, at) => one.receive(signed(String(at)))))
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
    expect(await all[0]!.receiver.tasks()).toHaveLength(4)
    await Promise.all(inboxes.map((one) => one.close()))
  })

  test('tables of a newer version are left alone: 503, and the reason is told', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    await pool.query(
      `CREATE SCHEMA ${name}; CREATE TABLE ${name}.postern_schema (version int); INSERT INTO ${name}.postern_schema VALUES (99)`,
    )
    const inbox = pgBossInbox({ connectionString: service.url, schema: name })
    const reasons: string[] = []
    const { receiver } = listen(inbox, {
      work: false,
      log: { rejected: (_, error) => reasons.push(error.message) },
    })
    receiver.on('thing.*', () => {})
    expect((await receiver.receive(signed('1'))).status).toBe(503)
    expect(reasons.join()).toMatch(/version 99.*upgrade @postern\/pg-boss/)
    await receiver.close()
    await inbox.close()
  })
})
