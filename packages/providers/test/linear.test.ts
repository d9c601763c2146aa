import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { linearEntry } from '../src/linear.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['lin_wh_first', 'lin_wh_second'],
  draft: {
    topic: 'Issue.create',
    id: '234d1a4e',
    payload: {},
  },
} as const

testProvider({ ...linearEntry, vectors: vectors('linear'), sign }, { describe, test })
