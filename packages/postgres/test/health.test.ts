import pg from 'pg'
import { expect, test } from 'vitest'
import { healthScene, type HealthScene } from '../../../test/contract/health.ts'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('health of postgresInbox', (postgres) => {
  test.each([
    ['events', 'SHARE'],
    ['tasks', 'SHARE'],
    ['events', 'ACCESS EXCLUSIVE'],
  ])('names a lock on the table of %s (%s) until it is gone', async (table, mode) => {
    const { service, schema, open } = postgres()
    const name = schema()
    const scene = healthScene(open({ schema: name, deadline: '300ms' }))
    const { receiver, send } = scene
    // The first delivery may fail, because it creates the tables.
    await expect.poll(() => send('1')).toBe(200)
    const other = new pg.Client(service.url)
    other.on('error', () => {})
    await other.connect()
    await other.query(`BEGIN; LOCK TABLE ${name}.postern_${table} IN ${mode} MODE`)
    expect(await send('2')).toBe(503)
    for (const step of [0, 1000, 1000]) {
      scene.time += step
      const { accepting, processing, cause } = await receiver.health()
      expect([accepting, processing]).toEqual([false, true])
      expect(cause).toMatch(/locked/)
    }
    await other.query('ROLLBACK')
    await other.end()
    await recovers(scene)
    // The checks of `health` leave no rows. A rejected delivery may still be stored once the lock is released.
    const stored = async (): Promise<readonly unknown[]> => {
      scene.time += 15_000
      await receiver.health()
      return (await scene.inbox.view!.list()).rows.map(({ event }) => event.id)
    }
    await expect.poll(stored).not.toContain(undefined)
    expect(['1', '2']).toEqual(expect.arrayContaining([...(await stored())]))
    expect(await scene.inbox.records!.list('')).toEqual([])
  })

  test.each(['events', 'tasks'])(
    'finds a missing right on the table of %s without traffic, and leaves nothing',
    async (table) => {
      const { pool, schema, urlOf, open } = postgres()
      const [name, app] = [schema(), schema()]
      await pool.query(
        `CREATE ROLE ${app} LOGIN; CREATE SCHEMA ${name}; GRANT ALL ON SCHEMA ${name} TO ${app}`,
      )
      const scene = healthScene(open({ connectionString: urlOf(app), schema: name }))
      expect(await scene.receiver.health()).toMatchObject({ ok: true })
      await pool.query(`REVOKE INSERT ON ${name}.postern_${table} FROM ${app}`)
      scene.time += 15_000
      const { ok, cause } = await scene.receiver.health()
      expect([ok, cause]).toEqual([false, expect.stringContaining('grant it SELECT, INSERT')])
      await pool.query(`GRANT INSERT ON ${name}.postern_${table} TO ${app}`)
      await recovers(scene)
      const { rows } = await pool.query(
        `SELECT (SELECT count(*) FROM ${name}.postern_events)::int AS events, (SELECT count(*) FROM ${name}.postern_tasks)::int AS tasks`,
      )
      expect(rows).toEqual([{ events: 0, tasks: 0 }])
    },
  )

  test.each([
    ['tasks', 'took'],
    ['attempts', 'outcome'],
  ])('finds a missing column (%s.%s) that outcomes need', async (table, column) => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const scene = healthScene(open({ schema: name }))
    expect(await scene.receiver.health()).toMatchObject({ ok: true })
    const rename = (from: string, to: string): Promise<unknown> =>
      pool.query(`ALTER TABLE ${name}.postern_${table} RENAME ${from} TO ${to}`)
    await rename(column, 'gone')
    scene.time += 15_000
    const { ok, cause } = await scene.receiver.health()
    expect([ok, cause]).toEqual([false, expect.stringContaining(`"${column}"`)])
    await rename('gone', column)
    await recovers(scene)
    const { rows } = await pool.query(
      `SELECT (SELECT count(*) FROM ${name}.postern_events)::int AS events, (SELECT count(*) FROM ${name}.postern_tasks)::int AS tasks, (SELECT count(*) FROM ${name}.postern_attempts)::int AS attempts`,
    )
    expect(rows).toEqual([{ events: 0, tasks: 0, attempts: 0 }])
  })

  test.each([
    ['column', 'postern_tasks RENAME took TO gone', 'postern_tasks RENAME gone TO took'],
    ['table', 'postern_tasks RENAME TO gone', 'gone RENAME TO postern_tasks'],
  ])('keeps outcomes while a %s is missing, and says so', async (_, away, back) => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, lease: '3s' })
    const { receiver, until } = listen(inbox)
    let ran = 0
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    receiver.on('**', async () => {
      ran++
      started.resolve()
      await gate.promise
    })
    expect((await receiver.receive(signed('1'))).status).toBe(200)
    await started.promise
    await pool.query(`ALTER TABLE ${name}.${away}`)
    gate.resolve()
    await expect.poll(async () => (await receiver.health()).ok).toBe(false)
    await pool.query(`ALTER TABLE ${name}.${back}`)
    await until((heard) => heard.includes('done 1'))
    expect(ran).toBe(1)
  })

  test('names a server that is read-only until it is a primary again, and forged deliveries change nothing', async () => {
    const { service, pool, open } = postgres()
    const scene = healthScene(open())
    const { receiver, send, flood } = scene
    expect(await send('1')).toBe(200)
    await pool.query('ALTER SYSTEM SET default_transaction_read_only = on')
    await pool.query('SELECT pg_reload_conf()')
    await expect.poll(() => send('2')).toBe(503)
    for (const step of [0, 1000]) {
      scene.time += step
      await flood()
      const { accepting, processing, cause } = await receiver.health()
      expect([accepting, processing]).toEqual([false, true])
      expect(cause).toMatch(/^read-only: /)
    }
    await reset(service.url)
    await recovers(scene)
    await flood()
    expect(await receiver.health()).toMatchObject({ ok: true, accepting: true, cause: undefined })
  })
})

async function recovers(scene: HealthScene): Promise<void> {
  const healthy = async (): Promise<unknown> => {
    scene.time += 1000
    return scene.receiver.health()
  }
  await expect.poll(healthy).toMatchObject({ ok: true, accepting: true, cause: undefined })
}

async function reset(url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('SET default_transaction_read_only = off')
  await client.query('ALTER SYSTEM RESET default_transaction_read_only')
  await client.query('SELECT pg_reload_conf()')
  await client.end()
}
