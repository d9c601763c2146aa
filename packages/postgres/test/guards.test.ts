import type { Intake } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { intake, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

const guarded = (id: string, ...keys: string[]): Intake =>
  intake(id, undefined, { guards: keys.map((key) => ({ key, otherwise: 'reject' as const })) })
withPostgres('guards of postgresInbox', (postgres) => {
  test('receivers do not share them, and they go with the event', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, dedupeWindow: '1ms', keepDone: '1ms' })
    const shop = record()
    const bank = record({ receiver: 'bank' })
    const ports = [shop, bank].map(({ consumer }) => inbox.attach(consumer))
    for (const port of ports) expect(await port.accept(guarded('1', 'nonce'), {})).toEqual(['new'])
    for (const port of ports) port.work!()
    await Promise.all([shop, bank].map((one) => one.until(() => one.settled.length === 1)))
    const left = `SELECT (SELECT count(*)::int FROM ${name}.postern_guards) AS guards, (SELECT count(*)::int FROM ${name}.postern_events) AS events`
    await expect.poll(async () => (await pool.query(left)).rows).toEqual([{ guards: 0, events: 0 }])
  })
})
