import type { Outcome } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { intake, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('a database that went back under a running process', (postgres) => {
  test('is noticed: claims are dropped, a late outcome settles nothing that never ran, and work goes on', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, lease: '1s' })
    let end: (outcome: Outcome) => void = () => {}
    const shop = record({
      run: ({ event }) =>
        event.id === 'lost' ? new Promise((resolve) => (end = resolve)) : { kind: 'done' },
    })
    const port = inbox.attach(shop.consumer)
    port.work!()
    await port.accept(intake('lost'), {})
    await shop.until(() => shop.runs.length === 1)
    // Empties the tables and restarts their sequences, as on a standby that has none of the rows.
    const tables = ['events', 'tasks', 'lanes', 'processes'].map((one) => `${name}.postern_${one}`)
    const sequences = ['numbers', 'lane_ids', 'process_ids', 'seq']
    await pool.query(
      `TRUNCATE ${tables.join()}; ${sequences.map((one) => `ALTER SEQUENCE ${name}.postern_${one} RESTART`).join(';')}`,
    )
    const told = (): boolean =>
      shop.warnings.some((one) => one.includes('was restored to an earlier state'))
    await expect.poll(told, { timeout: 15_000 }).toBe(true)
    await port.accept(intake('after'), {})
    end({ kind: 'done' })
    await shop.until(() => shop.settled.some(({ claim }) => claim.event.id === 'after'))
    expect(
      shop.settled
        .map(({ claim, stored }) => [claim.event.id, stored])
        .toSorted(([one], [other]) => (one! < other! ? -1 : 1)),
    ).toEqual([
      ['after', true],
      ['lost', false],
    ])
    const { rows } = await pool.query(
      `SELECT e.event_id, t.state FROM ${name}.postern_tasks t JOIN ${name}.postern_events e ON e.id = t.id / 65536`,
    )
    expect(rows).toEqual([{ event_id: 'after', state: 2 }])
    expect(await port.accept(intake('lost'), {})).toEqual(['new'])
  })
})
