import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { dropboxEntry } from '../src/dropbox.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['q1w2e3r4t5y6u7i', 'i7u6y5t4r3e2w1q'],
  draft: {
    topic: 'list_folder',
    payload: {},
  },
} as const

testProvider({ ...dropboxEntry, vectors: vectors('dropbox'), sign }, { describe, test })
