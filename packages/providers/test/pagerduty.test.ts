import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { pagerdutyEntry } from '../src/entries/pagerduty.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['lDQHScfUeXUK', 'KUXeUfcSHQDl'],
  draft: {
    topic: 'incident.triggered',
    id: '01BWDWL3NYY7LUFPZCC28QUCMK',
    payload: {},
  },
} as const

testProvider({ ...pagerdutyEntry, vectors: vectors('pagerduty'), sign }, { describe, test })
