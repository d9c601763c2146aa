import pg from 'pg'
import { describe, expect, test, vi } from 'vitest'
import { checkSettings } from '../src/settings.ts'
import { column, pieces, plainValue, createSpareBytes } from '../src/store/pack.ts'
import { createDatabase } from '../src/store/connection.ts'
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
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name })
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
  })
})

withPostgres('packed parameters', (postgres) => {
  const same = <T>(value: T): T => value
  const texts = ['', 'plain', 'NULL', null, '"a\\b"', '{x,y}', 'héllo €', '🎉', ' a\n\t']
  const numbers = [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, null, 4_294_967_295, 65_536]
  const small = [0, 1, -1, 32_767, -32_768, null, 7, 8, 9]
  const ids = texts.map((_, at) => String(at).repeat(32))

  test.each([true, false])('arrive as literals do, prepared: %j', async (prepare) => {
    const { service } = postgres()
    const db = createDatabase(checkSettings({ connectionString: service.url, prepare }), () => {})
    const echo = (values: readonly unknown[]): Promise<readonly unknown[]> =>
      db.sql(
        `SELECT t, i::text, s, n, u::text, convert_from($6::bytea, 'UTF8') AS b, $7::text AS own, cardinality($8::int[]) AS none
         FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::int[], $5::uuid[]) AS x(t, i, s, n, u)`,
        [...values],
      )
    const values = [
      column('text', texts, same),
      column('int8', numbers, same),
      column('int2', small, same),
      column('int4', small, same),
      column('uuid', ids, same),
      pieces(['hé', Buffer.from('llo'), ''], 6),
      'of its own',
      column('int4', [], () => null),
    ]
    const sent = await echo(values)
    expect(sent).toEqual(await echo(values.map(plainValue)))
    expect(sent).toMatchObject(
      texts.map((t, at) => ({ t, i: numbers[at] === null ? null : String(numbers[at]) })),
    )
    expect(sent[0]).toMatchObject({ b: 'héllo', own: 'of its own', none: 0 })
    await expect(echo([column('text', ['\0'], same), ...values.slice(1)])).rejects.toThrow(
      'invalid byte',
    )
    expect(await echo(values)).toEqual(sent)
    await db.close(performance.now() + 1000)
  })
})

withPostgres('a pg that does not ask its connection to bind', (postgres) => {
  test('writes parameters by itself', async () => {
    const { open } = postgres()
    const query = pg.Query.prototype as unknown as {
      prepare: (this: object, connection: object) => void
    }
    const { prepare } = query
    const newer = vi.spyOn(query, 'prepare').mockImplementation(function (
      this: object,
      connection,
    ) {
      const own = Object.hasOwn(connection, 'bind')
      prepare.call(this, own ? Object.create(connection, { bind: { value() {} } }) : connection)
    })
    const inbox = open({ deadline: '5s' })
    try {
      const port = inbox.attach(record().consumer)
      expect(await port.accept(intake('first'), {})).toEqual(['new'])
      expect(await port.accept(intake('first'), {})).toEqual(['duplicate'])
    } finally {
      newer.mockRestore()
      await inbox.close()
    }
  })
})
