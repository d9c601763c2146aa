import type { EventRecord, Intake, Taken } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { intake, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

const guarded = (id: string, ...keys: string[]): Intake =>
  intake(id, undefined, { guards: keys.map((key) => ({ key, otherwise: 'refuse' as const })) })
const both = (...intakes: readonly Intake[]): Intake => ({
  delivery: intakes[0]!.delivery,
  items: intakes.flatMap(({ items }) => items),
})

withPostgres('guards of postgresInbox', (postgres) => {
  const open = () => {
    const { service, schema } = postgres()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: schema(),
      pollInterval: 20,
    })
    const shop = record()
    const port = inbox.attach(shop.consumer)
    const accept = async (what: Intake): Promise<readonly Taken[]> => port.accept(what, {})
    return { inbox, shop, port, accept }
  }

  test('refuse another event with the key, and pass a redelivery of the one that holds it', async () => {
    const { inbox, accept } = open()
    expect(await accept(guarded('1', 'nonce'))).toEqual(['new'])
    expect(await accept(guarded('1', 'nonce'))).toEqual(['duplicate'])
    expect(await accept(guarded('2', 'nonce'))).toEqual(['refused'])
    expect(await accept(intake('2'))).toEqual(['new'])
    await inbox.close()
  })

  test('one refusal refuses the whole delivery, and gives back the guards it took', async () => {
    const { inbox, accept } = open()
    await accept(guarded('1', 'a'))
    expect(await accept(both(guarded('2', 'b'), guarded('3', 'a')))).toEqual(['refused', 'refused'])
    expect((await inbox.view!.list()).rows).toHaveLength(1)
    expect(await accept(guarded('4', 'b'))).toEqual(['new'])
    await inbox.close()
  })

  test('a duplicate by its guard runs nothing, and the others of its delivery do', async () => {
    const { inbox, shop, port, accept } = open()
    const duplicate = (id: string): Partial<EventRecord> => ({
      guards: [{ key: `same ${id}`, otherwise: 'duplicate' }],
    })
    port.work!()
    expect(await accept(intake('1', undefined, duplicate('x')))).toEqual(['new'])
    const taken = await accept(both(intake('2', undefined, duplicate('x')), intake('3')))
    expect(taken).toEqual(['duplicate', 'new'])
    await shop.until(() => shop.settled.length === 2)
    expect(new Set(shop.runs.map(({ event }) => event.id))).toEqual(new Set(['1', '3']))
    await inbox.close()
  })

  test('of many deliveries with one guard that come at once, one is new', async () => {
    const { inbox, accept } = open()
    const taken = await Promise.all(
      Array.from({ length: 40 }, (_, at) => accept(guarded(`e${at}`, 'one', `own ${at}`))),
    )
    expect(taken.filter(([one]) => one === 'new')).toHaveLength(1)
    expect(taken.filter(([one]) => one === 'refused')).toHaveLength(39)
    // What the refused ones took besides is free again.
    const lost = taken.findIndex(([one]) => one === 'refused')
    expect(await accept(guarded('later', `own ${lost}`))).toEqual(['new'])
    await inbox.close()
  })

  test('receivers do not share them, and they go with the event', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: name,
      window: '1ms',
      keepDone: '1ms',
    })
    const shop = record()
    const bank = record({ receiver: 'bank' })
    const ports = [shop, bank].map(({ consumer }) => inbox.attach(consumer))
    for (const port of ports) expect(await port.accept(guarded('1', 'nonce'), {})).toEqual(['new'])
    for (const port of ports) port.work!()
    await Promise.all([shop, bank].map((one) => one.until(() => one.settled.length === 1)))
    const left = `SELECT (SELECT count(*)::int FROM ${name}.postern_guards) AS guards, (SELECT count(*)::int FROM ${name}.postern_events) AS events`
    await expect.poll(async () => (await pool.query(left)).rows).toEqual([{ guards: 0, events: 0 }])
    await inbox.close()
  })
})
