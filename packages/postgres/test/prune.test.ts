import { UnrecoverableError } from '@postern/core'
import { expect, test } from 'vitest'
import { checkSettings } from '../src/settings.ts'
import { createStore } from '../src/store/store.ts'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('retention', (postgres) => {
  test('done events are forgotten after keepDone, dead ones after keepDead, pending ones never', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, dedupeWindow: '1ms', keepDone: '1ms', keepDead: '1h' })
    const { receiver, until } = listen(inbox, { onUnhandled: 'store' })
    receiver.on('thing.*', ({ id }) => {
      if (id === 'dead') throw new UnrecoverableError('no such customer')
    })
    await receiver.receive(signed('done'))
    await receiver.receive(signed('dead'))
    await until((heard) => heard.includes('done done') && heard.includes('dead dead'))
    const events = async (): Promise<unknown> =>
      (await pool.query(`SELECT event_id FROM ${name}.postern_events ORDER BY event_id`)).rows
    await expect.poll(events).toEqual([{ event_id: 'dead' }])
    const left = await pool.query(`SELECT state FROM ${name}.postern_tasks`)
    expect(left.rows).toEqual([{ state: 3 }])
  })

  test('tenants without waiting tasks are forgotten, and others keep their turn', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, dedupeWindow: '1ms', keepDone: '1ms', keepDead: '1ms' })
    await inbox.view!.stats()
    await pool.query(`INSERT INTO ${name}.postern_lanes (id, receiver, name, root, turn) VALUES (900, 'x', 'y', 900, 7);
      INSERT INTO ${name}.postern_tenants (lane, key, turn) SELECT 900, n::text, n FROM generate_series(1, 9) n`)
    const { receiver } = listen(inbox, {})
    receiver.on('thing.*', () => {})
    await receiver.startWorker()
    const left = async (): Promise<readonly unknown[]> => {
      const found = await pool.query(`SELECT key FROM ${name}.postern_tenants ORDER BY key`)
      return found.rows.map(({ key }: { key: string }) => key)
    }
    await expect.poll(left).toEqual(['8', '9'])
  })

  test('a step reads no large table whole', async () => {
    const { service, pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name })
    await inbox.view!.stats()
    await pool.query(`
      INSERT INTO ${name}.postern_events (id, hash, received, receiver, key, topic, provider, record, head, body)
        SELECT n, md5(n::text)::uuid, n, 'shop', n::text, 't', 'acme', '{}', '{}', '' FROM generate_series(1, 100000) n;
      INSERT INTO ${name}.postern_tasks (id, lane, state, due) SELECT n::bigint * 65536, 1, 2, n FROM generate_series(1, 100000) n;
      ANALYZE ${name}.postern_events, ${name}.postern_tasks`)
    // The server's statistics include a session only once that session has ended.
    const read = async () =>
      (
        await pool.query(
          `SELECT sum(seq_tup_read)::int AS whole, sum(idx_scan)::int > 0 AS "byIndex" FROM pg_stat_user_tables
           WHERE schemaname = $1 AND relname IN ('postern_tasks', 'postern_events')`,
          [name],
        )
      ).rows[0] as { whole: number; byIndex: boolean }
    await inbox.close()
    const before = await read()
    const settings = checkSettings({ connectionString: service.url, schema: name })
    const store = createStore(
      settings,
      () => {},
      () => {},
    )
    await store.open()
    const old = { done: 50_000, dead: 50_000, known: 50_000, guards: 50_000 }
    expect(await store.prune(old, await store.prune(old, undefined))).toEqual([1000, 1000])
    await store.close(performance.now() + 1000)
    await expect.poll(async () => (await read()).byIndex).toBe(true)
    expect((await read()).whole).toBe(before.whole)
    const { rows } = await pool.query(`SELECT count(*)::int AS left FROM ${name}.postern_tasks`)
    expect(rows).toEqual([{ left: 99_000 }])
  })
})
