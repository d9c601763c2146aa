import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createReceiver, memoryInbox, type WebhookEvent } from '../../src/index.ts'
import { explain } from '../../src/explain/index.ts'
import { isSealed, openKept, createSeal, opened } from '../../src/inbox/seal.ts'
import { acme, gate } from '../acme.ts'

import fc from 'fast-check'

const key = randomBytes(32)
// A changed text makes the cipher throw, and its error is the cause. Without a matching key, the cipher is not called.
const CHANGED = expect.objectContaining({ cause: expect.any(Error) })
const OTHER_KEY = expect.not.objectContaining({ cause: expect.any(Error) })

test('opens what it sealed, in its place, and nothing that was changed or moved', () => {
  const seal = createSeal(key)
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(), (text, place, at) => {
      const sealed = seal.seal(text, place)
      expect(seal.open(sealed, place)).toBe(text)
      expect(seal.seal(text, place)).not.toBe(sealed)
      expect(() => seal.open(sealed, `${place}.`)).toThrow(CHANGED)
      const flipped = Buffer.from(sealed, 'base64url')
      // Keeps the first five bytes, which are the version and the id of the key.
      flipped[5 + (at % (flipped.length - 5))]! ^= 1
      expect(() => seal.open(flipped.toString('base64url'), place)).toThrow(CHANGED)
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
  expect(() => old.open(sealed, 'place')).toThrow(OTHER_KEY)
  expect(() => old.open(sealed, 'place')).toThrow(/^key: .*for place .*: add that key/)
  expect(() => both.open(sealed, 'elsewhere')).toThrow(/^key: .*for elsewhere .*: restore the row/)
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
  const options = { provider: acme(), inbox, log: false as const, storage: { encryptionKey: key } }
  const first = createReceiver({ ...options, worker: 'onDemand' })
  first.on('ping', () => {})
  await first.receive(
    acme().sign!({
      id: 'e1',
      payload: { card: 'PAYLOAD-mark', big: 2n ** 60n },
      headers: { 'user-agent': 'HEADER-mark' },
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

  const next = createReceiver({ ...options, storage: { encryptionKey: [randomBytes(32), key] } })
  const seen = gate<WebhookEvent>()
  next.onDead((_, error) => seen.fail(new Error(error.message)))
  next.on('ping', (event) => seen.open(event as WebhookEvent))
  await next.startWorker()
  const event = await seen.opened
  expect(event.payload).toMatchObject({ card: 'PAYLOAD-mark' })
  expect(event.delivery.url).toContain('QUERY-mark')
  expect(event.delivery.headers).toContainEqual(['user-agent', 'HEADER-mark'])
  await next.close()
})

test('head and body of rejected deliveries are sealed, and open for explain with the key alone', async () => {
  for (const [asked, kept] of [
    [{}, true],
    [{ rejectedBodies: 1 }, true],
    [{ rejectedBodies: false }, false],
  ] as const) {
    const inbox = memoryInbox()
    const receiver = createReceiver({
      provider: acme(),
      inbox,
      log: false,
      storage: { encryptionKey: key, ...asked },
    })
    receiver.on('ping', () => {})
    const request = acme().sign!({
      id: 'e1',
      payload: { card: 'PAYLOAD-mark' },
      headers: { 'user-agent': 'HEADER-mark' },
      url: 'https://example.com/hooks?q=QUERY-mark',
    })
    const changed = Buffer.from(String(request.body).replace('PAYLOAD', 'CHANGED'))
    expect((await receiver.receive({ ...request, body: changed })).status).toBe(401)
    await receiver.close()
    const { rows } = await inbox.journal!.deliveries()
    const arrival = (await inbox.journal!.delivery(rows[0]!.id))!
    expect([arrival.code, arrival.path]).toEqual(['signature_mismatch', '/hooks'])
    expect(arrival.kept !== undefined).toBe(kept)
    expect(isSealed(arrival)).toBe(kept)
    if (!arrival.kept) continue
    const text = JSON.stringify(arrival) + Buffer.from(arrival.kept.body).toString('latin1')
    expect(text).not.toContain('-mark')
    const open = openKept(createSeal([randomBytes(32), key]), arrival).kept!
    expect(open.url).toContain('QUERY-mark')
    expect(open.headers).toContainEqual(['user-agent', 'HEADER-mark'])
    expect(Buffer.from(open.body)).toEqual(changed)
    const { code } = await explain({ ...open, method: arrival.method }, acme())
    expect(code).toBe('signature_mismatch')
    expect(() => openKept(createSeal(randomBytes(32)), arrival)).toThrow(OTHER_KEY)
    expect(() => openKept(createSeal(key), { ...arrival, id: 'another' })).toThrow(CHANGED)
  }
})

test('what was kept before sealing opens unchanged, and no header makes it look sealed', async () => {
  const inbox = memoryInbox()
  const receiver = createReceiver({ provider: acme(), inbox, log: false })
  receiver.on('ping', () => {})
  const headers = { 'x-postern-sealed': '1', sealed: '1', 'x-acme-signature': 'sha256=00' }
  await receiver.receive({ method: 'POST', url: '/', headers, body: Buffer.from('{}') })
  await receiver.close()
  const { rows } = await inbox.journal!.deliveries()
  const arrival = (await inbox.journal!.delivery(rows[0]!.id))!
  expect(isSealed(arrival)).toBe(false)
  expect(openKept(createSeal(key), arrival)).toEqual(arrival)
})

test('encryptionKey: a key of another kind is a TypeError', () => {
  expect(() =>
    createReceiver({ provider: acme(), storage: { encryptionKey: 'a password' } }),
  ).toThrow('storage.encryptionKey must be')
})
