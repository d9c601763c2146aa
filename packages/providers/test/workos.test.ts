import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { workosEntry } from '../src/entries/workos.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['whsec_first', 'second'],
  draft: {
    topic: 'dsync.user.created',
    id: 'event_123',
    payload: {},
  },
} as const

testProvider({ ...workosEntry, vectors: vectors('workos'), sign }, { describe, test })
