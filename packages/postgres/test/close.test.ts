import type { Outcome } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('closing a receiver of postgresInbox', (postgres) => {
  test('gives back what runs as it was claimed, and refuses its late outcome', async () => {
    const { service, schema } = postgres()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: schema(),
      pollInterval: 20,
    })
    let end: (outcome: Outcome) => void = () => {}
    let aborted = false
    const first = record({
      lanes: [lane('a', { concurrency: 1 })],
      run(_, signal) {
        signal?.addEventListener('abort', () => (aborted = true))
        return new Promise((resolve) => (end = resolve))
      },
    })
    const port = inbox.attach(first.consumer)
    port.work!()
    await port.accept(intake('1'), {})
    await first.until(() => first.runs.length === 1)
    await port.close(Date.now() + 400)
    expect(aborted).toBe(true)
    const [task] = (await inbox.view!.list()).rows
    expect(task).toMatchObject({ state: 'pending' })

    const second = record()
    inbox.attach(second.consumer).work!()
    await second.until(() => second.settled.length === 1)
    expect(second.runs[0]!.attempt).toBe(1)
    end({ kind: 'dead', error: { name: 'Error', message: 'too late' } })
    await first.until(() => first.settled.length === 1)
    expect(first.settled[0]!.stored).toBe(false)
    expect((await inbox.view!.list({ state: 'done' })).rows).toHaveLength(1)
    await inbox.close()
  })

  test('waits for what ends in time, and what it reports counts', async () => {
    const { service, schema } = postgres()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: schema(),
      pollInterval: 20,
    })
    const shop = record({
      run: (_, signal) =>
        new Promise((resolve) =>
          signal!.addEventListener('abort', () => resolve({ kind: 'done' })),
        ),
    })
    const port = inbox.attach(shop.consumer)
    port.work!()
    await port.accept(intake('1'), {})
    await shop.until(() => shop.runs.length === 1)
    await port.close(Date.now() + 2000)
    expect(shop.settled).toMatchObject([{ outcome: { kind: 'done' }, stored: true }])
    await expect((async () => port.accept(intake('2'), {}))()).rejects.toMatchObject({
      code: 'closed',
    })
    await inbox.close()
  })
})
