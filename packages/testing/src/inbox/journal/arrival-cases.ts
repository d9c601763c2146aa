import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { DeliveryFilter } from '@postern/core/inbox'
import { arrival, batch, historyStart, journal } from './history-cases.ts'
import { everyPage } from '../make.ts'
import type { Scene, SceneTest } from '../scene.ts'

async function ids(scene: Scene, filter: DeliveryFilter = {}): Promise<readonly string[]> {
  return (await journal(scene).rejections(filter)).rows.map(({ id }) => id)
}

export function arrivalCases(test: SceneTest, durable: boolean): void {
  test('what arrived comes back, newest first', async (scene) => {
    const whole = arrival('b', {
      at: historyStart() + 2,
      code: 'signature_mismatch',
      reason: 'no secret matched',
      topics: ['x.y'],
      ids: ['evt_1'],
      keys: [':evt_1'],
    })
    await journal(scene).write(
      batch({ arrived: [arrival('a', { at: historyStart() + 1 }), whole] }),
    )
    await journal(scene).write(batch({ arrived: [arrival('c', { at: historyStart() + 3 })] }))
    assert.deepEqual(await ids(scene), ['c', 'b', 'a'])
    const [found] = (await journal(scene).rejections({ eventId: 'evt_1' })).rows
    assert.deepEqual({ ...found }, whole)
  })

  test('each filter finds its rows, and all that are given must hold', async (scene) => {
    const arrived = [
      arrival('1', { at: historyStart() + 1, code: 'missing_header', reason: 'no Signature' }),
      arrival('2', {
        at: historyStart() + 2,
        outcome: 'duplicate',
        verified: true,
        status: 200,
        ids: ['e2'],
        topics: ['orders/paid'],
      }),
      arrival('3', {
        at: historyStart() + 3,
        outcome: 'unhandled',
        verified: true,
        status: 200,
        topics: ['ping'],
      }),
      arrival('4', {
        at: historyStart() + 4,
        receiver: 'bank',
        provider: 'other',
        path: '/bank',
        code: 'missing_header',
      }),
    ]
    await journal(scene).write(batch({ arrived }))
    const cases: readonly (readonly [DeliveryFilter, readonly string[]])[] = [
      [{}, ['4', '3', '2', '1']],
      [{ receiver: 'shop' }, ['3', '2', '1']],
      [{ provider: 'other' }, ['4']],
      [{ outcome: 'duplicate' }, ['2']],
      [{ outcome: ['unhandled', 'duplicate'] }, ['3', '2']],
      [{ code: 'missing_header', receiver: 'shop' }, ['1']],
      [{ eventId: 'e2' }, ['2']],
      [{ topic: 'orders/*' }, ['2']],
      [{ text: 'signature' }, ['1']],
      [{ text: 'bank' }, ['4']],
      [{ since: historyStart() + 2, until: historyStart() + 4 }, ['3', '2']],
    ]
    for (const [filter, expected] of cases)
      assert.deepEqual(await ids(scene, filter), expected, JSON.stringify(filter))
    await assert.rejects(
      async () => journal(scene).rejections({ recevier: 'shop' } as DeliveryFilter),
      (error) => error instanceof TypeError && error.message.includes('receiver'),
    )
  })

  test('pages continue where their cursor says', async (scene) => {
    const arrived = Array.from({ length: 7 }, (_, at) =>
      arrival(`${at}`, { at: historyStart() + at, verified: at % 3 > 0 }),
    )
    await journal(scene).write(batch({ arrived }))
    const pages = await everyPage((from) => journal(scene).rejections({ limit: 3, ...from }))
    assert.ok(pages.every(({ rows }) => rows.length <= 3))
    const seen = pages.flatMap(({ rows }) => rows.map(({ id }) => id))
    assert.deepEqual(seen, ['6', '5', '4', '3', '2', '1', '0'])
  })

  test('lists leave what was kept of a request out, and one row has it', async (scene) => {
    const kept = {
      url: '/hooks?x=1',
      headers: [['x-signature', 'abc']] as const,
      body: Buffer.from([0, 255, 10]),
      masked: ['query x'],
    }
    await journal(scene).write(
      batch({
        arrived: [arrival('k', { kept, claims: 'orders/paid', replyBody: '{"code":"x"}' })],
      }),
    )
    const [row] = (await journal(scene).rejections()).rows
    assert.equal(row!.claims, 'orders/paid')
    assert.deepEqual(await ids(scene, { text: 'ORDERS/p' }), ['k'])
    assert.deepEqual(await ids(scene, { topic: 'orders/paid' }), [], 'a claim is not a topic')
    assert.deepEqual([row!.kept, row!.replyBody], [undefined, undefined])
    const found = await journal(scene).delivery('k')
    assert.equal(found!.replyBody, '{"code":"x"}')
    assert.equal(found!.kept!.url, kept.url)
    assert.deepEqual(
      found!.kept!.headers.map((line) => [...line]),
      [['x-signature', 'abc']],
    )
    assert.deepEqual(Buffer.from(found!.kept!.body), kept.body)
    assert.deepEqual(found!.kept!.masked, kept.masked)
    assert.equal(await journal(scene).delivery('none'), undefined)
  })

  test('of requests in one slot, only the last is kept', async (scene) => {
    const arrived = ['0', '1', '2', '3', '4'].map((id, at) =>
      arrival(id, {
        at: historyStart() + at,
        slot: `s${at % 3}`,
        kept: { url: '/', headers: [], body: Uint8Array.of(at) },
      }),
    )
    await journal(scene).write(batch({ arrived }))
    const kept = await Promise.all(
      arrived.map(async ({ id }) => (await journal(scene).delivery(id))!.kept?.body[0]),
    )
    assert.deepEqual(kept, [undefined, undefined, 2, 3, 4])
    assert.ok(!('slot' in (await journal(scene).rejections()).rows[0]!))
  })

  test('a flood of strangers pushes no verified delivery out', async (scene) => {
    await journal(scene).write(
      batch({ arrived: [arrival('mine', { verified: true, outcome: 'duplicate', status: 200 })] }),
    )
    for (let part = 0; part < 30; part++)
      await journal(scene).write(
        batch({
          arrived: Array.from({ length: 500 }, (_, at) =>
            arrival(`${part}-${at}`, { at: historyStart() + 1 + part }),
          ),
        }),
      )
    // On a busy machine, this search may take longer than the default `budget`.
    assert.deepEqual(await ids(scene, { outcome: 'duplicate', budget: 60_000 }), ['mine'])
  })

  test('rejections leave out what was accepted, deliveries have both in one order', async (scene) => {
    const accepted = arrival('2', {
      at: historyStart() + 2,
      outcome: 'accepted',
      verified: true,
      status: 200,
      keys: [':e2'],
    })
    await journal(scene).write(
      batch({
        arrived: [
          arrival('1', { at: historyStart() + 1 }),
          accepted,
          arrival('3', { at: historyStart() + 3 }),
        ],
      }),
    )
    assert.deepEqual(await ids(scene), ['3', '1'])
    const all = await journal(scene).deliveries()
    assert.deepEqual(
      all.rows.map(({ id }) => id),
      ['3', '2', '1'],
    )
    assert.deepEqual([...all.rows[1]!.keys], [':e2'])
    const found = await journal(scene).deliveries({ outcome: 'accepted' })
    assert.deepEqual(
      found.rows.map(({ id }) => id),
      ['2'],
    )
  })

  if (!durable) return
  test('what arrived outlives a restart', async (scene) => {
    await journal(scene).write(batch({ arrived: [arrival('1')] }))
    await scene.restart()
    assert.deepEqual(await ids(scene), ['1'])
  })
}
