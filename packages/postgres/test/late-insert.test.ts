import { expect, test } from 'vitest'
import { intake, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('a delivery that was rejected, and whose insert commits later', (postgres) => {
  test('runs at the next look, not after a lease, and uses no interruption', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, deadline: '300ms', lease: '10m' })
    // Creates the tables, which may take longer than the deadline of a delivery.
    await inbox.view!.stats()
    const shop = record()
    const port = inbox.attach(shop.consumer)
    port.work!()
    await port.accept(intake('first'), {})
    await shop.until(() => shop.settled.length === 1)
    const other = await pool.connect()
    await other.query(`BEGIN; LOCK TABLE ${name}.postern_events IN SHARE MODE`)
    await expect(port.accept(intake('late'), {})).rejects.toMatchObject({ status: 503 })
    await other.query('COMMIT')
    other.release()
    await shop.until(() => shop.settled.length === 2)
    expect(shop.runs.map(({ event, attempt }) => [event.id, attempt])).toEqual([
      ['first', 1],
      ['late', 1],
    ])
    const { rows } = await pool.query(`SELECT state, cut FROM ${name}.postern_tasks ORDER BY id`)
    expect(rows).toEqual([
      { state: 2, cut: 0 },
      { state: 2, cut: 0 },
    ])
  })
})
