import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { mailgunEntry } from '../src/mailgun.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['first signing key', 'second signing key'],
  draft: {
    topic: 'failed.permanent',
    id: 'pl271FzxTTmGRW8Uj3dUWw',
    payload: {},
  },
} as const

testProvider({ ...mailgunEntry, vectors: vectors('mailgun'), sign }, { describe, test })
