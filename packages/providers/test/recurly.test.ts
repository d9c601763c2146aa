import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { recurlyEntry } from '../src/recurly.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['354fab5bd35f5a0d', 'd0a5f53db5baf453'],
  draft: {
    topic: 'account.created',
    payload: {},
  },
} as const

testProvider({ ...recurlyEntry, vectors: vectors('recurly'), sign }, { describe, test })
