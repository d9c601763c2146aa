import { UnrecoverableError } from '@postern/core'
import pg from 'pg'
import { expect, test } from 'vitest'
import { postgresInbox, postgresMigration } from '../src/index.ts'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('postgresInbox on the parts of an application', (postgres) => {
  test('works on a pool that is there already, and leaves it open', async () => {
    const { service, schema } = postgres()
    const pool = new pg.Pool({ connectionString: service.url })
    const inbox = postgresInbox({ pool, schema: schema() })
    const { receiver, until } = listen(inbox)
    receiver.on('thing.*', { name: 'a/b c' }, () => {})
    await receiver.receive(signed('1'))
    await until((heard) => heard.includes('done 1'))
    await receiver.close()
    await inbox.close()
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pool.end()
  })

  test('an error with characters that PostgreSQL has not comes back as it was', async () => {
    const { service, schema } = postgres()
    const inbox = postgresInbox({ connectionString: service.url, schema: schema() })
    const { receiver, until } = listen(inbox)
    const message = 'no such customer \0\ud800'
    receiver.on('thing.*', () => {
      throw new UnrecoverableError(message)
    })
    await receiver.receive(signed('1'))
    await until((heard) => heard.includes('dead 1'))
    const [task] = (await inbox.view!.list({ state: 'dead' })).rows
    expect(task!.error!.message).toBe(message)
    await receiver.close()
    await inbox.close()
  })

  test.each([
    ['extra_float_digits = 0', /extra_float_digits is 0 .* SET extra_float_digits = 1/],
    ['array_nulls = off', /array_nulls is off .* SET array_nulls = on/],
  ])('a role with %s is rejected, with the way out', async (setting, says) => {
    const { service, pool, schema } = postgres()
    const user = schema()
    await pool.query(`CREATE ROLE ${user} SUPERUSER LOGIN; ALTER ROLE ${user} SET ${setting}`)
    const url = new URL(service.url)
    url.username = user
    const inbox = postgresInbox({ connectionString: url.href, schema: schema() })
    await expect(inbox.view!.stats()).rejects.toThrow(says)
    await inbox.close()
    await pool.query(`DROP ROLE ${user}`)
  })

  test('the printed migration makes the same tables, for an app that may not', async () => {
    const { service, pool, schema } = postgres()
    const [printed, made] = [schema(), schema()]
    const open = (name: string, migrate: boolean) =>
      postgresInbox({ connectionString: service.url, schema: name, migrate })
    const missing = open(printed, false)
    await expect(missing.view!.stats()).rejects.toThrow(/postgresMigration/)
    await missing.close()
    await pool.query(postgresMigration({ schema: printed }))
    for (const inbox of [open(printed, false), open(made, true)]) {
      expect(await inbox.view!.stats()).toEqual([])
      await inbox.close()
    }
    const columns = async (name: string) =>
      (
        await pool.query(
          `SELECT table_name, column_name, data_type, column_default IS NULL AS bare FROM information_schema.columns
           WHERE table_schema = $1 ORDER BY 1, 2`,
          [name],
        )
      ).rows
    expect(await columns(printed)).toEqual(await columns(made))
  })

  test('several processes that start on an empty database at once all do', async () => {
    const { service, schema } = postgres()
    const name = schema()
    const all = Array.from({ length: 4 }, () =>
      listen(postgresInbox({ connectionString: service.url, schema: name }), { worker: false }),
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
      `CREATE SCHEMA ${name}; CREATE TABLE ${name}.postern_schema (version int, oldest int); INSERT INTO ${name}.postern_schema VALUES (99, 98)`,
    )
    const inbox = postgresInbox({ connectionString: service.url, schema: name })
    const reasons: string[] = []
    const { receiver } = listen(inbox, {
      worker: false,
      log: { rejected: (_, error) => reasons.push(error.message) },
    })
    receiver.on('thing.*', () => {})
    expect((await receiver.receive(signed('1'))).status).toBe(503)
    expect(reasons.join()).toMatch(/version 99.*upgrade @postern\/postgres/)
    await receiver.close()
    await inbox.close()
  })
})
