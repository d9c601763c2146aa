import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { openaiEntry } from '../src/openai.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=', 'a plain secret'],
  draft: { topic: 'response.completed', id: 'wh_1', payload: {} },
} as const

testProvider({ ...openaiEntry, vectors: vectors('openai'), sign }, { describe, test })
