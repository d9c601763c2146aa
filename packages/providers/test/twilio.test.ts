import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { twilioEntry } from '../src/entries/twilio.ts'
import { twilio } from '../src/twilio.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['12345', '67890'],
  draft: { topic: 'received', id: '2a1b5c2e', payload: { MessageSid: 'SM1', Body: 'hi' } },
} as const

testProvider(
  { ...twilioEntry, vectors: vectors('twilio'), reasons: true, sign },
  { describe, test },
)

test('a payload that names its topic is signed as it is', async () => {
  const provider = twilio({ authToken: '12345' })
  const call = { CallSid: 'CA1', CallStatus: 'ringing' }
  const message = { MessageSid: 'SM1', Body: 'hi' }
  const { events } = await deliver(provider, [
    provider.sign!({ topic: 'ringing', payload: call }),
    provider.sign!({ topic: 'message', payload: message }),
    provider.sign!({ topic: 'delivered', payload: message }),
  ])
  expect(events.map(({ payload }) => payload)).toEqual([
    call,
    message,
    { MessageStatus: 'delivered', ...message },
  ])
})
