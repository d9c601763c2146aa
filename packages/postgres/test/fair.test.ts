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

  test('a tenant with its share waiting is rejected alone', async () => {
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

  test('maxPending counts the tasks of one receiver: another is not rejected with it', async () => {
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
