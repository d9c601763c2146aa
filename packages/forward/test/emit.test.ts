import { DatabaseSync } from 'node:sqlite'
import { inTransaction } from '@postern/sqlite'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, test } from 'vitest'
import { startSite } from './scene.ts'
import { createSourceScene } from './source-scene.ts'

const charge = { amount: '12.50', big: 2n ** 60n }

describe('emit', () => {
  test('sends to those that want the topic, each with its own secret and the one id of the message', async () => {
    const [all, cards, none] = await Promise.all([startSite(), startSite(), startSite()])
    const { source, done } = createSourceScene()
    const one = await source.register({ url: all.url, topics: '**' })
    const two = await source.register({ url: cards.url, topics: ['card.*', 'loan'], id: 'cards' })
    await source.register({ url: none.url, topics: 'loan' })
    expect(await source.emit({ topic: 'card.charged', payload: charge })).toEqual({
      id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
      known: false,
    })
    await done(3)
    expect(one.secret).not.toBe(two.secret)
    expect([all.got.length, cards.got.length, none.got.length]).toEqual([1, 1, 0])
    for (const [got, secret] of [
      [all.got[0]!, one.secret],
      [cards.got[0]!, two.secret],
    ] as const) {
      const body = got.body.toString()
      expect(body).toMatch(
        /^\{"type":"card\.charged","timestamp":"[^"]+","data":\{"amount":"12\.50","big":1152921504606846976\}\}$/,
      )
      for (const Verifier of [Webhook, SvixWebhook])
        expect(new Verifier(secret).verify(body, got.headers)).toMatchObject({
          type: 'card.charged',
        })
    }
    expect(all.got[0]!.headers['webhook-id']).toBe(cards.got[0]!.headers['webhook-id'])
  })

  test('a message with an id that is known is dropped; `to` names some destinations', async () => {
    const [a, b] = await Promise.all([startSite(), startSite()])
    const { source, done } = createSourceScene()
    await source.register({ url: a.url, topics: '**', id: 'a' })
    await source.register({ url: b.url, topics: '**', id: 'b' })
    const message = { topic: 'card.charged', payload: null, id: 'charge-1' }
    expect(await source.emit({ ...message, to: 'b' })).toEqual({ id: 'charge-1', known: false })
    await done(2)
    expect(await source.emit(message)).toEqual({ id: 'charge-1', known: true })
    await expect(source.emit({ ...message, id: 'charge-2', to: ['a', 'c'] })).rejects.toThrow(
      'no destination is registered as "c"',
    )
    await source.emit({ ...message, id: 'charge-2', to: ['a', 'b'] })
    await done(5)
    expect(a.got.map((got) => got.headers['webhook-id'])).toEqual(['charge-2'])
    expect(b.got.map((got) => got.headers['webhook-id'])).toEqual(['charge-1', 'charge-2'])
  })

  test('rejects what is no message, and says why an inbox took none', async () => {
    const { source } = createSourceScene()
    await expect(source.emit({ topic: ' ', payload: 1 })).rejects.toThrow('topic')
    await expect(source.emit({ topic: 'a', payload: undefined })).rejects.toThrow('payload')
    for (const id of ['', 'with space', 'a.b', 'ü', 'x'.repeat(256)])
      await expect(source.emit({ topic: 'a', payload: 1, id })).rejects.toThrow('id must')
    await source.close()
    await expect(source.emit({ topic: 'a', payload: 1 })).rejects.toMatchObject({
      code: 'receiver_closed',
    })
  })

  test('rejects a transaction that is not of its inbox, which would not hold the message', async () => {
    const { source } = createSourceScene()
    const host = inTransaction(new DatabaseSync(':memory:'))
    await expect(source.emit({ topic: 'a', payload: 1 }, host)).rejects.toThrow(
      'the transaction is of sqliteInbox, but messages are stored in memoryInbox',
    )
    expect(await source.tasks()).toEqual([])
  })

  test('one that is given up is told and can be replayed', async () => {
    let down = true
    const site = await startSite(() => (down ? 500 : 200))
    const { source, done, dead } = createSourceScene()
    const told: unknown[] = []
    source.onDead(({ id }) => told.push(id))
    await source.register({ url: site.url, topics: '**', id: 'a' })
    await source.emit({ topic: 'card.charged', payload: 1, id: 'charge-1' })
    expect(await dead(1)).toEqual(['a answered 500'])
    expect((await source.tasks({ state: 'dead' })).map((task) => task.part)).toEqual(['a'])
    expect(told).toEqual(['charge-1'])
    down = false
    expect((await source.replay({})).count).toBe(1)
    await done(2)
    expect(new Set(site.got.map((got) => got.headers['webhook-id']))).toEqual(new Set(['charge-1']))
  })
})
