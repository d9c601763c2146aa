import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { sentryEntry } from '../src/sentry.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['sentry-client-secret', 'another client secret'],
  draft: {
    topic: 'issue.created',
    id: '8a1c6c8e0f7b',
    payload: {},
  },
} as const

testProvider({ ...sentryEntry, vectors: vectors('sentry'), sign }, { describe, test })
