import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { signedInit } from '@postern/testing'
import { expect, test } from 'vitest'
import { entriesOf, keeping, type Entries } from '../src/listen/entry.ts'

const MIB = 2 ** 20

function listening(): { readonly receiver: Receiver; readonly entries: Entries } {
  const receiver = createReceiver({
    provider: keeping(github({ secret: 'a secret of GitHub' })),
    inbox: memoryInbox(),
    log: false,
    limits: { body: 5 * MIB },
    storage: { rejectedBodies: false },
  }) as Receiver
  receiver.onAny(() => undefined)
  return { receiver, entries: entriesOf(receiver, () => undefined) }
}

function stranger(bytes: number): Parameters<Receiver['receive']>[0] {
  return {
    url: 'https://example.com/',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': crypto.randomUUID(),
      'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
    },
    body: Buffer.alloc(bytes, 'x'),
  }
}

const held = ({ all }: Entries): number =>
  all.reduce((sum, { delivery }) => sum + (delivery?.body.byteLength ?? 0), 0)

test('listen keeps at most 32 MiB of bodies: those of strangers that are largest go first', async () => {
  const { receiver, entries } = listening()
  const genuine = await signedInit(github({ secret: 'a secret of GitHub' }), 'push', {}, {})
  expect((await receiver.receive(genuine)).status).toBe(200)
  for (let at = 0; at < 12; at++) {
    expect((await receiver.receive(stranger(4 * MIB))).status).toBe(401)
    expect(held(entries)).toBeLessThanOrEqual(32 * MIB)
  }
  expect(held(entries)).toBeGreaterThan(24 * MIB)
  expect(entries.all[0]).toMatchObject({ status: 200, body: 'kept' })
  expect(entries.all.filter(({ body }) => body === 'dropped')).toHaveLength(5)
  await receiver.close()
})

test('listen keeps the newest 500 deliveries, and counts all', async () => {
  const { receiver, entries } = listening()
  for (let at = 0; at < 520; at++) await receiver.receive(stranger(100 + at))
  expect([entries.all.length, entries.total]).toEqual([500, 520])
  expect(held(entries)).toBe(entries.all.length * 100 + ((20 + 519) / 2) * 500)
  await receiver.close()
})
