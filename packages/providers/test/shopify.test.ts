import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { shopifyEntry } from '../src/entries/shopify.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['client-secret', 'older-secret'],
  draft: { topic: 'orders/create', id: 'b54557e4', payload: {} },
} as const

testProvider(
  { ...shopifyEntry, vectors: vectors('shopify'), reasons: true, sign },
  { describe, test },
)
