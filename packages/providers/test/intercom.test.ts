import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { intercomEntry } from '../src/intercom.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['3a7b5c1e', '4b8c6d2f'],
  draft: {
    topic: 'contact.user.created',
    id: 'notif_1',
    payload: {},
  },
} as const

testProvider({ ...intercomEntry, vectors: vectors('intercom'), sign }, { describe, test })
