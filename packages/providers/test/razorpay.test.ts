import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { razorpayEntry } from '../src/entries/razorpay.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['s3cr3t_rzp', '123456'],
  draft: { topic: 'payment.captured', id: 'evt_1', payload: {} },
} as const

testProvider({ ...razorpayEntry, vectors: vectors('razorpay'), sign }, { describe, test })
