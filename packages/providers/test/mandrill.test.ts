import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { mandrillEntry } from '../src/mandrill.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['TEST_WEBHOOK_KEY', 'another key'],
  draft: { topic: 'click', id: 'abc:click:1365109999', payload: {} },
} as const

testProvider({ ...mandrillEntry, vectors: vectors('mandrill'), sign }, { describe, test })
