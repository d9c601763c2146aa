import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { typeformEntry } from '../src/entries/typeform.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['tf-secret-abc123', 'tf-secret-321cba'],
  draft: {
    topic: 'form_response',
    id: 'LtWXD3crgy',
    payload: {},
  },
} as const

testProvider({ ...typeformEntry, vectors: vectors('typeform'), sign }, { describe, test })
