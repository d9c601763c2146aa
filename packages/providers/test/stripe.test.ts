import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { stripeEntry } from '../src/entries/stripe.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['whsec_first', 'whsec_second'],
  draft: { topic: 'invoice.paid', id: 'evt_1', payload: {} },
} as const

testProvider(
  { ...stripeEntry, vectors: vectors('stripe'), reasons: true, sign },
  { describe, test },
)
