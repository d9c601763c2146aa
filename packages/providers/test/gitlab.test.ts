import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { gitlabEntry } from '../src/gitlab.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['mysecret', 'another secret'],
  draft: {
    topic: 'merge_request.open',
    id: 'f5e5f430',
    payload: {},
  },
} as const

testProvider({ ...gitlabEntry, vectors: vectors('gitlab'), sign }, { describe, test })
