import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { zendeskEntry } from '../src/entries/zendesk.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['Zmlyc3Q=', 'c2Vjb25k'],
  draft: {
    topic: 'zen:event-type:user.created',
    id: '2b24ef10',
    payload: {},
  },
} as const

testProvider({ ...zendeskEntry, vectors: vectors('zendesk'), sign }, { describe, test })
