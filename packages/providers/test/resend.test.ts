import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { resendEntry } from '../src/entries/resend.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  ],
  draft: { topic: 'email.sent', id: 'msg_1', payload: {} },
} as const

testProvider({ ...resendEntry, vectors: vectors('resend'), sign }, { describe, test })
