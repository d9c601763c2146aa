import { UnrecoverableError } from '@postern/core'
import pg from 'pg'
import { expect, test } from 'vitest'
import { postgresMigration } from '../src/index.ts'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('postgresInbox on the parts of an application', (postgres) => {
  test('works on a pool that is there already, and leaves it open', async () => {
    const { service, open } = postgres()
    const pool = new pg.Pool({ connectionString: service.url })
    const inbox = open({ pool })
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
    const inbox = postgres().open()
    const { receiver, until } = listen(inbox)
    const message = 'no such customer \0\ud800'
    receiver.on('thing.*', () => {
      throw new UnrecoverableError(message)
    })
    await receiver.receive(signed('1'))
    await until((heard) => heard.includes('dead 1'))
    const [task] = (await inbox.view!.list({ state: 'dead' })).rows
    expect(task!.error!.message).toBe(message)
  })

  test.each([
    ['extra_float_digits = 0', /extra_float_digits is 0 .* SET extra_float_digits = 1/],
    ['array_nulls = off', /array_nulls is off .* SET array_nulls = on/],
  ])('a role with %s is rejected, with the way out', async (setting, says) => {
    const { pool, schema, urlOf, open } = postgres()
    const user = schema()
    await pool.query(`CREATE ROLE ${user} SUPERUSER LOGIN; ALTER ROLE ${user} SET ${setting}`)
    const inbox = open({ connectionString: urlOf(user) })
    await expect(inbox.view!.stats()).rejects.toThrow(says)
  })

  test('the printed migration makes the same tables, for an app that may not', async () => {
    const { pool, schema, open } = postgres()
    const [printed, made] = [schema(), schema()]
    const missing = open({ schema: printed, migrate: false })
    await expect(missing.view!.stats()).rejects.toThrow(/postgresMigration/)
    await pool.query(postgresMigration({ schema: printed }))
    for (const options of [{ schema: printed, migrate: false }, { schema: made }])
      expect(await open(options).view!.stats()).toEqual([])
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
    const { schema, open } = postgres()
    const name = schema()
    const all = Array.from({ length: 4 }, () => listen(open({ schema: name }), { worker: false }))
    const inboxes = all.map(({ receiver }) => receiver.on('thing.*', () => {}))
    const replies = await Promise.all(inboxes.map((one, at) => one.receive(signed(String(at)))))
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
    expect(await all[0]!.receiver.tasks()).toHaveLength(4)
  })

  test('tables of a newer version are left alone: 503, and the reason is told', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    await pool.query(
      `CREATE SCHEMA ${name}; CREATE TABLE ${name}.postern_schema (version int, oldest int); INSERT INTO ${name}.postern_schema VALUES (99, 98)`,
    )
    const inbox = open({ schema: name })
    const reasons: string[] = []
    const { receiver } = listen(inbox, {
      worker: false,
      log: { rejected: (_, error) => reasons.push(error.message) },
    })
    receiver.on('thing.*', () => {})
    expect((await receiver.receive(signed('1'))).status).toBe(503)
    expect(reasons.join()).toMatch(/version 99.*upgrade @postern\/postgres/)
  })
})
