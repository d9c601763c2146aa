import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineInbox, memoryLedger } from '@postern/core'
import { sqliteInbox } from '@postern/sqlite'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, test } from 'vitest'
import { createSource, DestinationRefused } from '../src/index.ts'
import { openSite, type Got } from './site.ts'
import { createSourceScene, key } from './source-scene.ts'

const charge = { amount: '12.50', big: 2n ** 60n }

describe('emit', () => {
  test('sends to those that want the topic, each with its own secret and the one id of the message', async () => {
    const [all, cards, none] = await Promise.all([openSite(), openSite(), openSite()])
    const { source, done, close } = createSourceScene()
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
    await Promise.all([close(), all.close(), cards.close(), none.close()])
  })

  test('a message with an id that is known is dropped; `to` names some destinations', async () => {
    const [a, b] = await Promise.all([openSite(), openSite()])
    const { source, done, close } = createSourceScene()
    await source.register({ url: a.url, topics: '**', id: 'a' })
    await source.register({ url: b.url, topics: '**', id: 'b' })
    const message = { topic: 'card.charged', payload: null, id: 'charge-1' }
    expect(await source.emit({ ...message, to: 'b' })).toEqual({ id: 'charge-1', known: false })
    await done(2)
    expect(await source.emit(message)).toEqual({ id: 'charge-1', known: true })
    await source.emit({ ...message, id: 'charge-2', to: ['a', 'b', 'c'] })
    await done(5)
    expect(a.got.map((got) => got.headers['webhook-id'])).toEqual(['charge-2'])
    expect(b.got.map((got) => got.headers['webhook-id'])).toEqual(['charge-1', 'charge-2'])
    await Promise.all([close(), a.close(), b.close()])
  })

  test('rejects what is no message, and says why an inbox took none', async () => {
    const { source, close } = createSourceScene()
    await expect(source.emit({ topic: ' ', payload: 1 })).rejects.toThrow('topic')
    await expect(source.emit({ topic: 'a', payload: undefined })).rejects.toThrow('payload')
    for (const id of ['', 'with space', 'a.b', 'ü', 'x'.repeat(256)])
      await expect(source.emit({ topic: 'a', payload: 1, id })).rejects.toThrow('id must')
    await source.close()
    await expect(source.emit({ topic: 'a', payload: 1 })).rejects.toMatchObject({ code: 'closed' })
    await close()
  })

  test('one that is given up is told and can be replayed', async () => {
    let down = true
    const site = await openSite(() => (down ? 500 : 200))
    const { source, done, dead, close } = createSourceScene()
    const told: unknown[] = []
    source.onDead(({ id }) => told.push(id))
    await source.register({ url: site.url, topics: '**', id: 'a' })
    await source.emit({ topic: 'card.charged', payload: 1, id: 'charge-1' })
    expect(await dead(1)).toEqual(['a answered 500'])
    expect((await source.tasks({ state: 'dead' })).map((task) => task.part)).toEqual(['a'])
    expect(told).toEqual(['charge-1'])
    down = false
    expect(await source.replay()).toBe(1)
    await done(2)
    expect(new Set(site.got.map((got) => got.headers['webhook-id']))).toEqual(new Set(['charge-1']))
    await Promise.all([close(), site.close()])
  })
})

describe('destinations', () => {
  test('rotation signs with both secrets until the overlap is over', async () => {
    const site = await openSite()
    let time = Date.now()
    const { source, done, close } = createSourceScene({ now: () => time })
    const old = await source.register({ url: site.url, topics: '**', id: 'a' })
    const fresh = await source.rotate('a', { overlap: '2m' })
    expect(fresh.secret).not.toBe(old.secret)
    await source.emit({ topic: 't', payload: 1 })
    await done(2)
    expect([verified(site.got[0]!, old.secret), verified(site.got[0]!, fresh.secret)]).toEqual([
      true,
      true,
    ])
    time += 120_000
    await source.emit({ topic: 't', payload: 1 })
    await done(4)
    expect([verified(site.got[1]!, old.secret), verified(site.got[1]!, fresh.secret)]).toEqual([
      false,
      true,
    ])
    await expect(source.rotate('unknown')).rejects.toThrow('unknown')
    await Promise.all([close(), site.close()])
  })

  test('an Ed25519 destination gets the public key, and keeps it when it is registered again', async () => {
    const { source, close } = createSourceScene({ sign: 'v1a' })
    const given = { url: 'http://127.0.0.1:8443', topics: 't', id: 'a' }
    const first = await source.register(given)
    expect(first.secret).toMatch(/^whpk_/)
    expect(await source.register({ ...given, topics: 'u' })).toEqual(first)
    expect(await source.destinations()).toEqual([
      { id: 'a', url: 'http://127.0.0.1:8443/', topics: ['u'], gone: undefined },
    ])
    const own = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    expect((await source.register({ ...given, secret: own })).secret).toBe(own)
    expect(await source.unregister('a')).toBe(true)
    expect(await source.unregister('a')).toBe(false)
    expect(await source.destinations()).toEqual([])
    await close()
  })

  test('what is wrong with one is refused: URL, topics, id, secret', async () => {
    const { source, close } = createSourceScene({ allowPrivate: undefined as never })
    const given = { url: 'http://example.com/', topics: 't' }
    for (const url of ['http://169.254.169.254/', 'http://2130706433/', 'http://[::ffff:7f00:1]/'])
      await expect(source.register({ ...given, url })).rejects.toBeInstanceOf(DestinationRefused)
    await expect(source.register({ ...given, topics: [] })).rejects.toThrow('topics')
    await expect(source.register({ ...given, topics: 'a*' })).rejects.toThrow('a*')
    await expect(source.register({ ...given, id: 'a b' })).rejects.toThrow('id')
    await expect(source.register({ ...given, secret: 'whsec_...' })).rejects.toThrow('secret')
    await expect(source.register({ ...given, secret: `whpk_${'A'.repeat(43)}=` })).rejects.toThrow()
    await close()
  })

  test('410 takes one off until it is registered again', async () => {
    const site = await openSite((_, nth) => (nth === 1 ? 410 : 200))
    const gone: string[] = []
    const { source, done, dead, close } = createSourceScene({ onGone: ({ id }) => gone.push(id) })
    const given = { url: site.url, topics: '**', id: 'a' }
    await source.register(given)
    await source.emit({ topic: 't', payload: 1 })
    await dead(1)
    expect(gone).toEqual(['a'])
    expect((await source.destinations())[0]!.gone).toBeGreaterThan(0)
    await source.emit({ topic: 't', payload: 2 })
    await done(2)
    await source.register(given)
    await source.emit({ topic: 't', payload: 3 })
    await done(4)
    expect(site.got).toHaveLength(2)
    await Promise.all([close(), site.close()])
  })

  test('what waits for one that is unregistered is given up', async () => {
    const site = await openSite(() => 500)
    const { source, dead, close } = createSourceScene({ retry: { attempts: 9, base: 200 } })
    await source.register({ url: site.url, topics: '**', id: 'a' })
    await source.emit({ topic: 't', payload: 1 })
    await site.until(1)
    await source.unregister('a')
    expect(await dead(1)).toEqual(['a is not registered any more'])
    await Promise.all([close(), site.close()])
  })
})

test('messages and destinations outlive the process, and no secret is in the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-source-'))
  const path = join(folder, 'source.db')
  const site = await openSite()
  const before = createSourceScene({ inbox: sqliteInbox({ path }), work: false })
  const { secret } = await before.source.register({ url: site.url, topics: '**' })
  await before.source.emit({ topic: 't', payload: 'kept' })
  const records = await before.inbox.records!.list('')
  expect(records).toHaveLength(1)
  expect(JSON.stringify(records)).not.toContain(secret.slice(6, 20))
  await before.close()
  expect(site.got).toHaveLength(0)

  const after = createSourceScene({ inbox: sqliteInbox({ path }) })
  await after.done(2)
  expect(verified(site.got[0]!, secret)).toBe(true)
  await Promise.all([after.close(), site.close()])
  rmSync(folder, { recursive: true })
})

test('wrong options are a TypeError that names them', () => {
  const { inbox, close } = createSourceScene()
  const given = { name: 'other', inbox, key, log: false as const }
  const cases: Record<string, object> = {
    name: { name: '' },
    inbox: { inbox: inlineInbox({ ledger: memoryLedger() }) },
    key: { key: 'a password' },
    sign: { sign: 'v2' },
    concurrency: { concurrency: -1 },
    allowPrivate: { allowPrivate: false },
  }
  for (const [option, wrong] of Object.entries(cases)) {
    const make = (): unknown => createSource({ ...given, ...wrong } as never)
    expect(make, option).toThrow(TypeError)
    expect(make, option).toThrow(option)
  }
  expect(() => createSource({ ...given, name: 'bank' })).toThrow('bank')
  return close()
})

function verified({ body, headers }: Got, secret: string): boolean {
  try {
    new Webhook(secret).verify(body.toString(), headers)
    return true
  } catch {
    return false
  }
}
