import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { chargebeeEntry } from '../src/entries/chargebee.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['webhook_user:secret_pass', 'user:other'],
  draft: { topic: 'payment_failed', id: 'ev_1', payload: {} },
  anyCase: true,
} as const

testProvider({ ...chargebeeEntry, vectors: vectors('chargebee'), sign }, { describe, test })
