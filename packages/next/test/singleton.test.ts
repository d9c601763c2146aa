import { createReceiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { acme } from '@postern/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { runDue, singleton } from '../src/index.ts'

afterEach(() => vi.unstubAllEnvs())

test('makes one value for a key', () => {
  let made = 0
  const make = (): object => ({ made: ++made })
  expect(singleton('one', make)).toBe(singleton('one', make))
  expect(made).toBe(1)
})

test('opens nothing while Next builds, and a receiver can be made with it', () => {
  vi.stubEnv('NEXT_PHASE', 'phase-production-build')
  const inbox = singleton('inbox of a build', (): Inbox => {
    throw new Error('opened')
  })
  const receiver = createReceiver({ provider: acme({ secret: 'a secret' }), inbox, log: false })
  receiver.on('ping', () => {})
  expect(receiver.topics).toEqual(['ping'])
  expect(() => runDue(receiver, { secret: undefined as never })).not.toThrow()
  vi.unstubAllEnvs()
  expect(() =>
    singleton('inbox of a build', () => {
      throw new Error('opened')
    }),
  ).toThrow('opened')
  expect(() => runDue(receiver, { secret: undefined as never })).toThrow('runDue: secret')
})
