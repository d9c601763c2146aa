import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { twilioEntry } from '../src/entries/twilio.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['12345', '67890'],
  draft: { topic: 'received', id: '2a1b5c2e', payload: { MessageSid: 'SM1', Body: 'hi' } },
} as const

testProvider(
  { ...twilioEntry, vectors: vectors('twilio'), reasons: true, sign },
  { describe, test },
)
