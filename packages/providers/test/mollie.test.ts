import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { mollieEntry } from '../src/mollie.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['test_webhook_secret', 'another'],
  draft: { topic: 'payment-link.paid', id: 'event_1', payload: {} },
} as const

testProvider({ ...mollieEntry, vectors: vectors('mollie'), sign }, { describe, test })
