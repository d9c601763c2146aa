import type { Outcome } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('the view of postgresInbox', (postgres) => {
  test('finds by event id, topic, cause and state through an index', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, deadline: '30s' })
    const dead: Outcome = { kind: 'dead', error: { name: 'Error', message: 'no' } }
    const shop = record({
      lanes: [lane('a', { concurrency: 100 })],
      run: ({ event }) => (event.id === 'e7' ? dead : { kind: 'done' }),
    })
    const port = inbox.attach(shop.consumer)
    port.work!()
    await Promise.all(
      Array.from({ length: 3000 }, async (_, at) =>
        port.accept(intake(`e${at}`, undefined, { topic: `thing.t${at}` }), {}),
      ),
    )
    await shop.until(() => shop.settled.length === 3000)
    await pool.query(`ANALYZE ${name}.postern_events; ANALYZE ${name}.postern_tasks`)
    const view = inbox.view!
    const [failed] = (await view.list({ state: 'dead' })).rows!
    expect(failed!.event.id).toBe('e7')
    expect((await view.list({ cause: failed!.cause! })).rows).toHaveLength(1)
    expect((await view.list({ eventId: 'e2999' })).rows).toHaveLength(1)
    expect((await view.list({ topic: 'thing.t2999' })).rows).toHaveLength(1)
    const used = async (): Promise<readonly string[]> => {
      const { rows } = await pool.query<{ name: string }>(
        `SELECT DISTINCT coalesce(p.relname, c.relname) AS name FROM pg_stat_user_indexes s
         JOIN pg_class c ON c.oid = s.indexrelid LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
         LEFT JOIN pg_class p ON p.oid = i.inhparent WHERE s.schemaname = $1 AND s.idx_scan > 0`,
        [name],
      )
      return rows.map((row) => row.name)
    }
    await expect
      .poll(used)
      .toEqual(
        expect.arrayContaining([
          'postern_events_event_id',
          'postern_events_topic',
          'postern_tasks_causes',
          'postern_tasks_dead',
        ]),
      )
  })

  test('tasks of a subscription that is gone are told at the start of work', async () => {
    const { open } = postgres()
    const inbox = open()
    const shop = record()
    const port = inbox.attach(shop.consumer)
    await port.accept(intake('1', [{ subscription: 'gone' }, { subscription: 'a' }]), {})
    port.work!()
    await shop.until(() => shop.warnings.length > 0)
    expect(shop.warnings.join()).toMatch(/1 tasks of subscription gone are waiting.*previousNames/)
  })
})
