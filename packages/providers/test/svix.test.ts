import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { svixEntry } from '../src/entries/svix.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  ],
  draft: { topic: 'user.created', id: 'msg_1', payload: {} },
} as const

testProvider({ ...svixEntry, vectors: vectors('svix'), reasons: true, sign }, { describe, test })
