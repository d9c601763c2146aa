import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReceiver, memoryInbox, type WebhookEvent } from '../../src/index.ts'
import { opened } from '../../src/inbox/sealed-port.ts'
import { createSeal } from '../../src/inbox/seal.ts'
import { acme, gate } from '../acme.ts'

const key = randomBytes(32)

test('opens what it sealed, in its place, and nothing that was changed or moved', () => {
  const seal = createSeal(key)
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(), (text, place, at) => {
      const sealed = seal.seal(text, place)
      expect(seal.open(sealed, place)).toBe(text)
      expect(seal.seal(text, place)).not.toBe(sealed)
      expect(() => seal.open(sealed, `${place}.`)).toThrow('another place')
      const flipped = Buffer.from(sealed, 'base64url')
      // Behind the version and the id of the key.
      flipped[5 + (at % (flipped.length - 5))]! ^= 1
      expect(() => seal.open(flipped.toString('base64url'), place)).toThrow('was changed')
    }),
    { numRuns: 50 },
  )
})

test('with a new key before the old one, both open and the new one seals', () => {
  const next = randomBytes(32)
  const old = createSeal(key)
  const both = createSeal([next, key])
  expect(both.open(old.seal('text', 'place'), 'place')).toBe('text')
  const sealed = both.seal('text', 'place')
  expect(createSeal(next).open(sealed, 'place')).toBe('text')
  expect(() => old.open(sealed, 'place')).toThrow('a key that is not given')
})

test('takes bytes, base64 and hex, and nothing else', () => {
  const sealed = createSeal(key).seal('text', 'place')
  for (const form of [key.toString('base64'), key.toString('hex')])
    expect(createSeal(form).open(sealed, 'place')).toBe('text')
  for (const wrong of [
    '',
    'a password',
    randomBytes(16),
    [],
    undefined,
    randomBytes(31).toString('hex'),
  ])
    expect(() => createSeal(wrong as never)).toThrow('key must')
})

test('a receiver stores nothing readable, and its handlers get everything', async () => {
  const inbox = memoryInbox()
  const options = { provider: acme(), inbox, log: false as const, seal: key }
  const first = createReceiver({ ...options, work: 'drain' })
  first.on('ping', () => {})
  await first.receive(
    acme().sign!({
      id: 'e1',
      payload: { card: 'PAYLOAD-mark', big: 2n ** 60n },
      headers: { 'x-other': 'HEADER-mark' },
      url: 'https://example.com/hooks?q=QUERY-mark',
    }),
  )
  const [task] = await first.tasks()
  const kept = (await inbox.view!.get(task!.id))!
  const text = JSON.stringify([kept.record, kept.delivery.headers, kept.delivery.url])
  expect(text + Buffer.from(kept.delivery.body).toString('latin1')).not.toMatch(/-mark/)
  expect([kept.event.id, kept.event.topic]).toEqual(['e1', 'ping'])
  const open = opened(createSeal(key), { event: kept.record, delivery: kept.delivery })
  expect(open.event.payload).toMatchObject({ card: 'PAYLOAD-mark' })
  await first.close()

  const next = createReceiver({ ...options, seal: [randomBytes(32), key] })
  const seen = gate<WebhookEvent>()
  next.onDead((_, error) => seen.fail(new Error(error.message)))
  next.on('ping', (event) => seen.open(event as WebhookEvent))
  await next.work()
  const event = await seen.opened
  expect(event.payload).toMatchObject({ card: 'PAYLOAD-mark' })
  expect(event.delivery.url).toContain('QUERY-mark')
  expect(event.delivery.headers).toContainEqual(['x-other', 'HEADER-mark'])
  await next.close()
})

test('refused deliveries are not sealed: with a seal their heads and bodies are kept only when asked for', async () => {
  for (const [asked, kept] of [
    [{}, false],
    [{ refusedBodies: 1 }, true],
  ] as const) {
    const inbox = memoryInbox()
    const receiver = createReceiver({
      provider: acme(),
      inbox,
      log: false,
      seal: key,
      ...asked,
    })
    receiver.on('ping', () => {})
    const request = acme().sign!({ id: 'e1', payload: { card: 'PAYLOAD-mark' } })
    const changed = Buffer.from(String(request.body).replace('mark', 'bark'))
    expect((await receiver.receive({ ...request, body: changed })).status).toBe(401)
    await receiver.close()
    const { rows } = await inbox.journal!.deliveries()
    const arrival = (await inbox.journal!.delivery(rows[0]!.id))!
    expect(arrival.code).toBe('signature_mismatch')
    expect(arrival.kept !== undefined).toBe(kept)
  }
})

test('seal: a key of another kind is a TypeError', () => {
  expect(() => createReceiver({ provider: acme(), seal: 'a password' })).toThrow('seal must be')
})
