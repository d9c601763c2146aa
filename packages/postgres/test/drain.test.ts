import type { Inbox, Outcome } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { postgresInbox, type PostgresInboxOptions } from '../src/index.ts'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('draining postgresInbox', (postgres) => {
  const open = (
    name = postgres().schema(),
    options: Pick<PostgresInboxOptions, 'lease'> = {},
  ): { inbox: Inbox; name: string } => {
    const { service } = postgres()
    return {
      name,
      // Hundreds of deliveries at once take long on a machine that is busy.
      inbox: postgresInbox({
        connectionString: service.url,
        schema: name,
        deadline: '50s',
        ...options,
      }),
    }
  }
  const soon = (): number => Date.now() + 50_000

  test('runs what is due, waits for it, and says truthfully what it did', async () => {
    const { inbox } = open()
    const outcomes: Record<string, Outcome> = {
      retry: { kind: 'retry', at: Date.now() + 3_600_000, error: { name: 'Error', message: 'no' } },
      dead: { kind: 'dead', error: { name: 'Error', message: 'never' } },
      postpone: { kind: 'postpone', at: Date.now() + 7_200_000 },
    }
    const shop = record({
      run: async ({ event }) => {
        await new Promise((resolve) => setImmediate(resolve))
        return outcomes[event.id!] ?? { kind: 'done' }
      },
    })
    const port = inbox.attach(shop.consumer)
    for (const id of ['1', '2', 'retry', 'dead', 'postpone']) await port.accept(intake(id), {})
    const drained = await port.drain!(soon(), 100)
    expect(drained).toMatchObject({ ran: 5, done: 2, retried: 1, dead: 1, postponed: 1, left: 0 })
    expect(drained.next! - Date.now()).toBeGreaterThan(3_500_000)
    expect(drained.next! - Date.now()).toBeLessThan(3_700_000)
    expect(shop.settled).toHaveLength(5)
    await inbox.close()
  })

  test('keeps its number exactly, and two at once run no task twice', async () => {
    const { inbox, name } = open()
    const one = record()
    const port = inbox.attach(one.consumer)
    await Promise.all(
      Array.from({ length: 300 }, async (_, at) => port.accept(intake(`e${at}`), {})),
    )
    expect(await port.drain!(soon(), 37)).toMatchObject({ ran: 37, done: 37, left: 263 })
    const two = record()
    const other = open(name).inbox
    const drained = await Promise.all([
      port.drain!(soon(), 1000),
      other.attach(two.consumer).drain!(soon(), 1000),
    ])
    expect(drained[0].ran + drained[1].ran).toBe(263)
    const ids = [...one.runs, ...two.runs].map(({ event }) => event.id)
    expect(new Set(ids).size).toBe(300)
    expect(ids).toHaveLength(300)
    await Promise.all([inbox.close(), other.close()])
  })

  test('frees what a killed drain held', async () => {
    // It does not renew its lease meanwhile, and claims nothing more.
    const { inbox, name } = open(undefined, { lease: '1h' })
    const dead = record({ run: () => new Promise(() => {}) })
    const port = inbox.attach(dead.consumer)
    await port.accept(intake('1'), {})
    void port.drain!(soon(), 1)
    await dead.until(() => dead.runs.length === 1)
    await postgres().pool.query(
      `UPDATE ${name}.postern_tasks SET lease = 0 WHERE lease IS NOT NULL`,
    )
    const { inbox: other } = open(name)
    const next = record()
    const live = other.attach(next.consumer)
    let done = 0
    // A task that was interrupted waits for a moment.
    const drain = async (): Promise<number> => (done += (await live.drain!(soon(), 10)).done)
    await expect.poll(drain).toBe(1)
    expect(next.runs.map(({ attempt }) => attempt)).toEqual([1])
    await Promise.all([inbox.close(), other.close()])
  })

  test('gives back at its end what still runs, without an attempt', async () => {
    const { inbox, name } = open()
    let aborted = false
    const slow = record({
      lanes: [lane('a', { concurrency: 1 })],
      run(_, signal) {
        signal!.addEventListener('abort', () => (aborted = true))
        return new Promise(() => {})
      },
    })
    const port = inbox.attach(slow.consumer)
    await port.accept(intake('1'), {})
    // On a busy machine the task may not start, or not be given back, in a short time.
    let drained = await port.drain!(Date.now() + 1500, 10, 500)
    for (let time = 3000; drained.postponed === 0 && time < 30_000; time *= 2)
      drained = await port.drain!(Date.now() + time, 10, time / 2)
    expect(aborted).toBe(true)
    expect(drained).toMatchObject({ ran: 1, done: 0, postponed: 1, left: 1 })
    const { inbox: other } = open(name)
    const next = record()
    expect(await other.attach(next.consumer).drain!(soon(), 10)).toMatchObject({ done: 1 })
    expect(next.runs[0]!.attempt).toBe(1)
    await Promise.all([inbox.close(), other.close()])
  })
})
