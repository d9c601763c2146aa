import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { squareEntry } from '../src/entries/square.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['first key', 'second key'],
  draft: {
    topic: 'invoice.published',
    id: 'ac3ac95b',
    payload: {},
  },
} as const

testProvider({ ...squareEntry, vectors: vectors('square'), sign }, { describe, test })
