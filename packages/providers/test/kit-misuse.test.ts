import { createReceiver, inlineInbox } from '@postern/core'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { describe, expect, test } from 'vitest'
import { deliver, exportDelivery, frozen, fromDelivery, settled, signed } from '@postern/testing'

const provider = github({ secret: 'a secret of tests' })
const receiver = createReceiver({ provider, inbox: inlineInbox(), log: false })
receiver.on('push', () => undefined)
const exported = exportDelivery('github', {
  method: 'POST',
  url: 'https://example.com/',
  headers: [['x-github-event', 'push']],
  body: Buffer.from('{}'),
  receivedAt: 0,
})
const wrong = (value: unknown) => value as never

describe('a mistake is a TypeError that says what is wrong', () => {
  test.for<readonly [string, () => unknown, RegExp]>([
    ['signed, the factory', () => signed(wrong(github)), /call it: \w+\(\{ secret \}\)/],
    ['signed, nothing', () => signed(wrong(undefined)), /^signed: provider must be/],
    [
      'signed, an option',
      () => signed(provider, 'push', {}, wrong({ header: {} })),
      /did you mean headers/,
    ],
    ['signed, a date', () => signed(provider, 'push', {}, { at: wrong(new Date(0)) }), /getTime/],
    [
      'signed, a path',
      () => signed(provider, 'push', {}, { url: '/hooks' }),
      /url must be an absolute URL/,
    ],
    [
      'deliver, a provider',
      () => deliver(wrong(provider), signed(provider, 'push')),
      /createReceiver/,
    ],
    ['deliver, no request', () => deliver(receiver, wrong({})), /must be a fetch Request/],
    ['deliver, a path', () => deliver('/hooks', signed(provider, 'push')), /absolute URL/],
    [
      'deliver, an option',
      () => deliver(receiver, signed(provider, 'push'), wrong({ timout: 1 })),
      /did you mean timeout/,
    ],
    [
      'deliver, a duration',
      () => deliver(receiver, signed(provider, 'push'), { timeout: wrong('5s') }),
      /milliseconds, got 5s/,
    ],
    [
      'settled, nothing',
      () => settled(wrong(undefined)),
      /^settled: receiver must be what createReceiver/,
    ],
    ['settled, an option', () => settled(receiver, wrong({ timout: 1 })), /did you mean timeout/],
    ['frozen, null', () => frozen(wrong(null)), /^frozen: date must be/],
    ['fromDelivery, nothing', () => fromDelivery(wrong(undefined), provider), /copy it whole/],
    [
      'fromDelivery, no time',
      () => fromDelivery(wrong({ ...exported, receivedAt: undefined }), provider),
      /copy it whole/,
    ],
    [
      'fromDelivery, another sender',
      () => fromDelivery(exported, stripe({ secret: 'whsec_a_test_secret' })),
      /a delivery of github, got a provider of stripe/,
    ],
  ])('%s', async ([, call, message]) => {
    const failed = expect(async () => await call()).rejects
    await failed.toBeInstanceOf(TypeError)
    await failed.toThrow(message)
  })
})

test('a function makes the whole payload of the sample: lists change, and members go', async () => {
  const request = await signed(provider, 'push', ({ ref }: { ref: string }) => ({
    ref,
    commits: [],
  }))
  expect(await request.json()).toEqual({ ref: 'refs/heads/main', commits: [] })
})
