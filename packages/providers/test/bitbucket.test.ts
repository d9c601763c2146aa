import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { bitbucketEntry } from '../src/entries/bitbucket.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['bb-webhook-secret-01', 'another secret'],
  draft: {
    topic: 'pullrequest:created',
    id: '5f3a7d2e',
    payload: {},
  },
} as const

testProvider({ ...bitbucketEntry, vectors: vectors('bitbucket'), sign }, { describe, test })
