import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { oktaEntry } from '../src/okta.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['okta-hook-key', 'Basic b2t0YTpob29r'],
  draft: { topic: 'user.session.start', id: 'f1d0b993', payload: {} },
} as const

testProvider({ ...oktaEntry, vectors: vectors('okta'), sign }, { describe, test })
