import { expect, test } from 'vitest'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('postgresInbox with many subscriptions', (postgres) => {
  test('5,000 of them take their first delivery within the deadline, and each runs it once', async () => {
    const { open } = postgres()
    // Has the default deadline. A delivery that misses the deadline rejects.
    const inbox = open()
    const names = Array.from({ length: 5000 }, (_, at) => `s${at}`)
    const shop = record({ lanes: names.map((name) => lane(name)) })
    const port = inbox.attach(shop.consumer)
    port.work!()
    const tasks = names.map((subscription) => ({ subscription }))
    expect(await port.accept(intake('1', tasks), {})).toEqual(['new'])
    expect(await port.accept(intake('1', tasks), {})).toEqual(['duplicate'])
    await shop.until(() => shop.settled.length === 5000)
    expect(new Set(shop.runs.map(({ subscription }) => subscription)).size).toBe(5000)
    expect(shop.settled.every(({ stored }) => stored)).toBe(true)
    expect(shop.warnings).toEqual([])
  })
})
