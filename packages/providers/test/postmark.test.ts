import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { postmarkEntry } from '../src/postmark.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['user:p:a:ss', 'user:other'],
  draft: { topic: 'Bounce', id: '4323372036854775807', payload: {} },
  anyCase: true,
} as const

testProvider({ ...postmarkEntry, vectors: vectors('postmark'), sign }, { describe, test })
