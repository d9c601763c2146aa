import { gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { fixed, memoryInbox, type WebhookEvent } from '../../../src/index.ts'
import { acme, batches, gate, setup } from '../../acme.ts'

/** With so many waiting tasks, the inbox keeps their events as text. */
const MANY = 800
const BIG = 12_345_678_901_234_567_890n

function seen({ delivery, ...event }: WebhookEvent): unknown {
  const { method, url, headers, receivedAt, context, body } = delivery
  return { ...event, delivery: { method, url, headers, receivedAt, context, body: [...body] } }
}

describe('an event behind a backlog', () => {
  test('is what it would have been without one', async () => {
    const { receiver, heard } = setup({
      parsing: { bigIntegers: true },
      clock: { now: () => 1000 },
      provider: acme({
        secret: { secret: 'acme-secret', tenant: 't1' },
        credentials: { headers: ['x-acme-key'] },
        events: (delivery, body) => [
          {
            id: delivery.header('x-acme-id'),
            topic: 'ping.sent',
            aliases: ['ping'],
            payload: body.value,
          },
        ],
      }),
    })
    const running = gate()
    const runs: WebhookEvent[] = []
    receiver.on('ping', { concurrency: 1 }, (event) => {
      runs.push(event)
      return running.opened
    })
    for (let at = 0; at < MANY; at++) {
      // The events differ only in their ids.
      const { headers, ...signed } = receiver.provider.sign!({
        id: `e${at}`,
        payload: { big: BIG, list: [1, { deep: 'ä\u{1f600}' }] },
      })
      await receiver.receive({
        ...signed,
        headers: { ...(headers as Record<string, string>), 'x-acme-key': 'k', 'x-other': 'ö' },
        context: { route: 7 },
      })
    }
    running.open()
    await heard.until('done', MANY)
    const first = { ...(seen(runs[0]!) as object), id: 'last' }
    const last = { ...(seen(runs.at(-1)!) as object), id: 'last' }
    expect(JSON.stringify(runs.at(-1)!.delivery.headers)).toContain('"x-other","ö"')
    expect(JSON.stringify(last, digits).replaceAll(`e${MANY - 1}`, 'e0')).toBe(
      JSON.stringify(first, digits),
    )
    expect(last).toMatchObject({ payload: { big: BIG }, tenant: 't1', context: { route: 7 } })
  })

  test('is read from no body that says something else, or in another way', async () => {
    const { receiver, heard, send } = setup({ provider: batches() })
    const zipped = setup({ provider: acme({ codings: { gzip: 'sent' } }) })
    const running = gate()
    const payloads: unknown[] = []
    const options = { concurrency: 1 }
    const take = (event: WebhookEvent): Promise<void> => {
      payloads.push(event.payload)
      return running.opened
    }
    receiver.on('ping', options, take)
    for (let at = 0; at < MANY; at++)
      await send({ payload: [{ topic: 'ping', id: `e${at}`, payload: { at } }] })
    zipped.receiver.on('ping', options, take)
    for (let at = 0; at < MANY; at++) {
      const { body, headers, ...signed } = receiver.provider.sign!({ payload: {}, id: `e${at}` })
      const small = gzipSync(body as Uint8Array)
      const again = zipped.receiver.provider.sign!({ id: `z${at}`, body: small } as never)
      await zipped.receiver.receive({
        ...signed,
        body: small,
        headers: {
          ...(headers as Record<string, string>),
          ...(again.headers as Record<string, string>),
          'content-encoding': 'gzip',
        },
      })
    }
    running.open()
    await heard.until('done', MANY)
    await zipped.heard.until('done', MANY)
    expect(payloads).toContainEqual({ at: MANY - 1 })
    expect(payloads.filter((payload) => JSON.stringify(payload) === '{}')).toHaveLength(MANY)
  })

  test('is parsed once in a burst of large bodies, and again once its payloads take more than 64 MiB', async () => {
    const parses = vi.spyOn(JSON, 'parse')
    const large = (): number => parses.mock.calls.filter(([text]) => text.length > 80_000).length
    try {
      for (const [rows, again] of [
        [Array.from({ length: 8000 }, (_, at) => ({ at })), false],
        // Once parsed, each of these payloads takes 4 MB of memory.
        [Array.from({ length: 60_000 }, () => []), true],
      ] as const) {
        const { receiver, heard, send } = setup()
        const sizes: unknown[] = []
        receiver.on('ping', { concurrency: 2 }, ({ payload }) =>
          sizes.push((payload as { rows: readonly unknown[] }).rows.length),
        )
        await send({ id: 'first', payload: { rows: [] } })
        const signed = Array.from({ length: 24 }, (_, at) =>
          receiver.provider.sign!({ id: `e${at}`, payload: { rows } }),
        )
        parses.mockClear()
        await Promise.all(signed.map((one) => receiver.receive(one)))
        await heard.until('done', 25)
        expect(sizes).toEqual([0, ...signed.map(() => rows.length)])
        if (again) expect(large()).toBeGreaterThan(signed.length)
        else expect(large()).toBe(signed.length)
      }
    } finally {
      parses.mockRestore()
    }
  })

  test('is listed, found, deleted and replayed', async () => {
    const inbox = memoryInbox()
    const { receiver, heard, send } = setup({ inbox })
    const running = gate()
    let broken = true
    receiver.on('ping', { concurrency: 1, retry: { attempts: 1 } }, async (event) => {
      await running.opened
      if (broken && event.id === `e${MANY - 1}`) throw new Error('no')
    })
    for (let at = 0; at < MANY; at++) await send({ id: `e${at}`, payload: { at } })
    const last = (await receiver.tasks({ eventId: `e${MANY - 1}` }))[0]!
    expect(last).toMatchObject({ state: 'pending', event: { topic: 'ping', tenant: undefined } })
    expect(await inbox.view!.get(last.id)).toMatchObject({
      record: { payload: { at: MANY - 1 } },
      delivery: { method: 'POST' },
    })
    expect(await inbox.view!.delete({ eventId: `e${MANY - 2}` })).toMatchObject({ count: 1 })
    await send({ id: `e${MANY - 2}` })
    expect(heard.all('duplicate').map(([, revived]) => revived)).toEqual([false])
    running.open()
    await heard.until('dead')
    broken = false
    expect((await receiver.replay({ id: last.id })).count).toBe(1)
    await heard.until('done', MANY - 1)
    expect(await receiver.tasks()).toEqual([])
  })

  test('keeps its payload over retries that wait with many others', async () => {
    const { receiver, heard, send } = setup()
    const payloads: unknown[] = []
    receiver.on(
      'ping',
      { retry: fixed({ attempts: 2, delay: 0 }), concurrency: 50 },
      (event, task) => {
        if (task.attempt === 1) throw new Error('not yet')
        payloads.push(event.payload)
      },
    )
    await Promise.all(
      Array.from({ length: MANY }, (_, at) => send({ id: `e${at}`, payload: { at } })),
    )
    await heard.until('done', MANY)
    expect(payloads.length).toBe(MANY)
    for (let at = 0; at < MANY; at++) expect(payloads).toContainEqual({ at })
  })
})

function digits(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
