import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { dodopaymentsEntry } from '../src/entries/dodopayments.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  ],
  draft: { topic: 'payment.succeeded', id: 'msg_1', payload: {} },
} as const

testProvider({ ...dodopaymentsEntry, vectors: vectors('dodopayments'), sign }, { describe, test })
