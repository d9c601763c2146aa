import { expect, test } from 'vitest'
import { createReceiver, exponential, fixed, memoryInbox } from '../src/index.ts'
import type { Inbox } from '../src/inbox/index.ts'
import { acme } from './acme.ts'

const receiver = (options: object = {}) =>
  createReceiver({ provider: acme(), log: false, ...options } as never)
const durable = (): Inbox => {
  const inbox = memoryInbox()
  return { ...inbox, can: { ...inbox.can, durable: true } }
}

test.each<[mistake: string, make: () => unknown, says: string]>([
  ['an unknown option', () => receiver({ inboxx: memoryInbox() }), 'did you mean inbox?'],
  ['another unknown option', () => receiver({ retries: 3 }), 'unknown option retries'],
  [
    'a factory as provider',
    () => receiver({ provider: acme }),
    'provider must be a provider, got its factory',
  ],
  ['no provider', () => receiver({ provider: undefined }), 'provider must be'],
  [
    'a factory as inbox',
    () => receiver({ inbox: memoryInbox }),
    'inbox must be an inbox, got its factory',
  ],
  ['something else as inbox', () => receiver({ inbox: 'webhooks.db' }), 'inbox must be'],
  ['fairBy that is no function', () => receiver({ fairBy: 'tenant' }), 'fairBy must be a function'],
  ['stored that is no object', () => receiver({ stored: false }), 'stored: options must be'],
  ['a typo in stored', () => receiver({ stored: { bodi: false } }), 'did you mean body?'],
  [
    'stored.body that is neither',
    () => receiver({ stored: { body: 'none' } }),
    'stored.body must be one of true, false or a function, got none',
  ],
  [
    'an unknown option of on()',
    () => receiver().on('ping', { retrys: {} } as never, () => {}),
    'did you mean retry?',
  ],
  [
    'retry: 3',
    () => receiver().on('ping', { retry: 3 } as never, () => {}),
    'retry must be a policy or options such as { attempts: 3 }, got 3',
  ],
  [
    'an unknown option of exponential()',
    () => exponential({ attempt: 3 } as never),
    'did you mean attempts?',
  ],
  [
    'an unknown option of fixed()',
    () => fixed({ delay: 1, max: 3 } as never),
    'unknown option max',
  ],
  [
    'two subscriptions without a name on one pattern in a durable inbox',
    () =>
      receiver({ inbox: durable() })
        .on('ping', () => {})
        .on('ping', () => {}),
    "give each a name, such as on('ping', { name: 'mail' }, handler)",
  ],
])('%s is a TypeError that names the way out', (_, make, says) => {
  expect(make).toThrow(TypeError)
  expect(make).toThrow(says)
})

test('two subscriptions without a name are numbered where they end with the process', () => {
  const both = receiver()
    .on('ping', () => {})
    .on('ping', () => {})
  expect(both.topics).toEqual(['ping'])
})
