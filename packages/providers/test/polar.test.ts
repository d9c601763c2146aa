import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { polarEntry } from '../src/entries/polar.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['polar_whs_ovyN6cPrTv56AApvzCaJno08SSmGJmgbWilb33N2JuK', 'whsec_not base64 at all'],
  draft: { topic: 'order.paid', id: 'msg_1', payload: {} },
} as const

testProvider({ ...polarEntry, vectors: vectors('polar'), sign }, { describe, test })
