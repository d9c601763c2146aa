import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { metaEntry } from '../src/meta.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['0123456789abcdef', 'fedcba9876543210'],
  draft: {
    topic: 'whatsapp_business_account.messages',
    id: 'wamid.HBgL',
    payload: {},
  },
} as const

testProvider({ ...metaEntry, vectors: vectors('meta'), sign }, { describe, test })
