import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { vercelEntry } from '../src/entries/vercel.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['vercel-secret-1a2b3c', 'vercel-secret-3c2b1a'],
  draft: {
    topic: 'deployment.created',
    id: 'hook_2XqF5',
    payload: {},
  },
} as const

testProvider({ ...vercelEntry, vectors: vectors('vercel'), sign }, { describe, test })
