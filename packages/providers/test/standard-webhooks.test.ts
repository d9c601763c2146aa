import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { standardWebhooksEntry } from '../src/entries/standard-webhooks.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  ],
  draft: { topic: 'user.created', id: 'msg_1', payload: {} },
} as const

testProvider(
  { ...standardWebhooksEntry, vectors: vectors('standard-webhooks'), reasons: true, sign },
  { describe, test },
)
