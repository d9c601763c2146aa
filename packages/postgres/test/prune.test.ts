import { UnrecoverableError } from '@postern/core'
import { expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { PRUNE } from '../src/sql/view.ts'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('retention', (postgres) => {
  test('done events are forgotten after keepDone, dead ones after keepDead, pending ones never', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: name,
      dedupeWindow: '1ms',
      keepDone: '1ms',
      keepDead: '1h',
    })
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
    await receiver.close()
    await inbox.close()
  })

  test('tenants without waiting tasks are forgotten, and others keep their turn', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: name,
      dedupeWindow: '1ms',
      keepDone: '1ms',
      keepDead: '1ms',
    })
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
    await receiver.close()
    await inbox.close()
  })

  test('a step reads no large table whole', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({ connectionString: service.url, schema: name })
    await inbox.view!.stats()
    await pool.query(`
      INSERT INTO ${name}.postern_events (id, hash, received, receiver, key, topic, provider, record, head, body)
        SELECT n, md5(n::text)::uuid, n, 'shop', n::text, 't', 'acme', '{}', '{}', '' FROM generate_series(1, 100000) n;
      INSERT INTO ${name}.postern_tasks (id, lane, state, due) SELECT n::bigint * 65536, 1, 2, n FROM generate_series(1, 100000) n;
      ANALYZE ${name}.postern_events, ${name}.postern_tasks`)
    const text = PRUNE.replaceAll('$.', `${name}.`).replaceAll(/\$\d/g, '100000')
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`)
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toContain('postern_tasks_pkey')
    expect(plan).not.toMatch(/Seq Scan on postern_(tasks|events)/)
    await inbox.close()
  })
})
