import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { lineEntry } from '../src/line.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['8c570fa6dd201bb3', '3bb102dd6af075c8'],
  draft: {
    topic: 'message.text',
    id: '01FZ74A0TDDPYRVKNK77XKC3ZR',
    payload: {},
  },
} as const

testProvider({ ...lineEntry, vectors: vectors('line'), sign }, { describe, test })
