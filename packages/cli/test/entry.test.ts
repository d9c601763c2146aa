import { memoryInbox } from '@postern/core'
import { github } from '@postern/providers/github'
import { signedInit } from '@postern/testing'
import { expect, test } from 'vitest'
import { createEntries, createListener, type Entries } from '../src/listen/entry.ts'
import type { PastDelivery } from '../src/send/again.ts'

const MIB = 2 ** 20
const provider = github({ secret: 'a secret of GitHub' })

function stranger(bytes: number): PastDelivery {
  return {
    method: 'POST',
    url: 'https://example.com/',
    headers: [
      ['content-type', 'application/json'],
      ['x-github-event', 'push'],
      ['x-github-delivery', crypto.randomUUID()],
      ['x-hub-signature-256', `sha256=${'0'.repeat(64)}`],
    ],
    body: Buffer.alloc(bytes, 'x'),
  }
}

const held = ({ all }: Entries): number =>
  all.reduce((sum, { delivery }) => sum + (delivery?.body.byteLength ?? 0), 0)

test('listen keeps at most 32 MiB of bodies: those of strangers that are largest go first', async () => {
  const listener = createListener(provider, memoryInbox())
  const entries = createEntries()
  const { url, method, headers, body } = await signedInit(provider, 'push', {}, {})
  const genuine = { url, method, headers: Object.entries(headers), body }
  const add = async (delivery: PastDelivery): Promise<number> => {
    const { reply, entry } = await listener.receive(delivery)
    entries.add(entry)
    return reply.status
  }
  expect(await add(genuine)).toBe(200)
  for (let at = 0; at < 12; at++) {
    expect(await add(stranger(4 * MIB))).toBe(401)
    expect(held(entries)).toBeLessThanOrEqual(32 * MIB)
  }
  expect(held(entries)).toBeGreaterThan(24 * MIB)
  expect(entries.all[0]).toMatchObject({ status: 200, isGenuine: true, delivery: genuine })
  expect(entries.all.filter(({ delivery }) => !delivery)).toHaveLength(5)
  await listener.close()
})

test('listen keeps the newest 500 deliveries, and counts all', async () => {
  const listener = createListener(provider, memoryInbox())
  const entries = createEntries()
  for (let at = 0; at < 520; at++) entries.add((await listener.receive(stranger(100 + at))).entry)
  expect([entries.all.length, entries.total]).toEqual([500, 520])
  expect(held(entries)).toBe(entries.all.length * 100 + ((20 + 519) / 2) * 500)
  await listener.close()
})
