import type { Outcome } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

const of = (id: string, fairKey: string) => intake(id, [{ subscription: 'a', fairKey }])
const LANES = [lane('a', { concurrency: 1 })]

withPostgres('fair turns of postgresInbox', (postgres) => {
  const open = (options = {}) => {
    const { service, schema } = postgres()
    return postgresInbox({
      connectionString: service.url,
      schema: schema(),
      pollInterval: 20,
      // Hundreds of deliveries at once take long on a machine that is busy.
      deadline: '50s',
      ...options,
    })
  }

  test('a quiet tenant waits for one task of each active one, however much they have', async () => {
    const inbox = open()
    const shop = record({ lanes: LANES })
    const port = inbox.attach(shop.consumer)
    await Promise.all(
      Array.from({ length: 300 }, async (_, at) => port.accept(of(`big ${at}`, 'big'), {})),
    )
    await Promise.all(
      Array.from({ length: 50 }, async (_, at) => port.accept(of(`mid ${at}`, 'mid'), {})),
    )
    await port.accept(of('quiet', 'quiet'), {})
    // One at a time, so that nothing is claimed ahead.
    for (let at = 0; at < 4; at++) await port.drain!(Date.now() + 50_000, 1)
    const place = shop.runs.findIndex(({ event }) => event.id === 'quiet')
    expect(place).toBeGreaterThanOrEqual(0)
    expect(place).toBeLessThanOrEqual(2)
    // Later it has its turn again, though the others were there first.
    await port.drain!(Date.now() + 50_000, 20)
    await port.accept(of('quiet again', 'quiet'), {})
    const before = shop.runs.length
    // Of each of the others, the rest of the turn that was claimed last, and one of the next.
    await port.drain!(Date.now() + 50_000, 5)
    expect(shop.runs.slice(before).map(({ event }) => event.id)).toContain('quiet again')
    await inbox.close()
  })

  test('failed tasks hold no turn while they wait, and do not overtake when they are due', async () => {
    const inbox = open()
    const failing: Outcome = {
      kind: 'retry',
      at: Date.now(),
      error: { name: 'Error', message: 'down' },
    }
    const shop = record({
      lanes: LANES,
      run: ({ event }) => (event.id!.startsWith('big') ? failing : { kind: 'done' }),
    })
    const port = inbox.attach(shop.consumer)
    await Promise.all(
      Array.from({ length: 100 }, async (_, at) => port.accept(of(`big ${at}`, 'big'), {})),
    )
    await port.drain!(Date.now() + 50_000, 50)
    await port.accept(of('quiet', 'quiet'), {})
    const before = shop.runs.length
    await port.drain!(Date.now() + 50_000, 3)
    expect(shop.runs.slice(before).map(({ event }) => event.id)).toContain('quiet')
    await inbox.close()
  })

  test('a tenant with its share waiting is refused alone', async () => {
    const inbox = open({ maxPending: 40, maxPendingShare: 0.25 })
    const shop = record({ lanes: LANES })
    const port = inbox.attach(shop.consumer)
    for (let at = 0; at < 10; at++) await port.accept(of(`big ${at}`, 'big'), {})
    await expect(port.accept(of('big 10', 'big'), {})).rejects.toMatchObject({
      code: 'inbox_full',
      problem: 'full',
      option: 'maxPendingShare',
      limit: 10,
      got: 10,
    })
    expect(await port.accept(of('quiet', 'quiet'), {})).toEqual(['new'])
    await port.drain!(Date.now() + 50_000, 100)
    const again = async () => port.accept(of('big 11', 'big'), {})
    await expect.poll(() => again().catch(() => 'full')).toEqual(['new'])
    await inbox.close()
  })

  test('maxPending counts the tasks of one receiver: another is not refused with it', async () => {
    const inbox = open({ maxPending: 3 })
    const shop = inbox.attach(record({ lanes: LANES }).consumer)
    const bank = inbox.attach(record({ receiver: 'bank', lanes: LANES }).consumer)
    for (const id of ['1', '2', '3']) await shop.accept(intake(id), {})
    await expect((async () => shop.accept(intake('4'), {}))()).rejects.toMatchObject({
      code: 'inbox_full',
    })
    expect(await bank.accept(intake('1'), {})).toEqual(['new'])
    await inbox.close()
  })
})
