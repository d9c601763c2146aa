import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { sanityEntry } from '../src/entries/sanity.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['0123abcd4567efgh', 'hgfe7654dcba3210'],
  draft: {
    topic: 'delete',
    id: '7d0c6b1e4a0f',
    payload: {},
  },
} as const

testProvider({ ...sanityEntry, vectors: vectors('sanity'), sign }, { describe, test })
