import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { woocommerceEntry } from '../src/woocommerce.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['wc_secret', 'a &amp; b'],
  draft: { topic: 'order.updated', id: '5d1f:order.updated:456', payload: {} },
} as const

testProvider({ ...woocommerceEntry, vectors: vectors('woocommerce'), sign }, { describe, test })
