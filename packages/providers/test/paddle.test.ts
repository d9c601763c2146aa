import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { paddleEntry } from '../src/paddle.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['pdl_ntfset_first', 'pdl_ntfset_second'],
  draft: {
    topic: 'subscription.created',
    id: 'evt_1',
    payload: {},
  },
} as const

testProvider({ ...paddleEntry, vectors: vectors('paddle'), sign }, { describe, test })
