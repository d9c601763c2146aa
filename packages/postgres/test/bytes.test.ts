import { describe, expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { createSpareBytes } from '../src/store/pack.ts'
import { intake, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

describe('memory for batches', () => {
  test('is used again once it was given back, if there is enough of it and not too much', () => {
    const spare = createSpareBytes()
    const first = spare.take(100)
    const other = spare.take(100)
    expect(other.buffer).not.toBe(first.buffer)
    spare.giveBack(first)
    const again = spare.take(60)
    expect(again.buffer).toBe(first.buffer)
    expect(again.length).toBe(60)
    spare.giveBack(again)
    expect(spare.take(101).buffer).not.toBe(first.buffer)
    const large = spare.take(2 * 1024 * 1024)
    spare.giveBack(large)
    expect(spare.take(10).buffer).not.toBe(large.buffer)
  })
})

withPostgres('bodies of many batches', (postgres) => {
  test('are in the store as they came, whatever batches went before and beside', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({ connectionString: service.url, schema: name })
    const port = inbox.attach(record().consumer)
    const sent = new Map<string, Buffer>()
    for (let burst = 0; burst < 12; burst++) {
      const ids = Array.from({ length: 1 + ((burst * 37) % 90) }, (_, at) => `${burst}-${at}`)
      await Promise.all(
        ids.map(async (id, at) => {
          const body = Buffer.alloc((burst * at * 97) % 30_000, id)
          sent.set(id, body)
          const one = intake(id)
          await port.accept({ ...one, delivery: { ...one.delivery, body } }, {})
        }),
      )
    }
    const { rows } = await pool.query<{ event_id: string; body: Buffer }>(
      `SELECT event_id, body FROM ${name}.postern_events`,
    )
    expect(rows.length).toBe(sent.size)
    for (const { event_id: id, body } of rows) expect(body.equals(sent.get(id)!)).toBe(true)
    await inbox.close()
  })
})
