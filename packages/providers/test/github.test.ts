import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { githubEntry } from '../src/entries/github.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['It is a secret to everybody', 'another secret'],
  draft: { topic: 'issues.opened', id: '72d3162e-cc78-11e3-81ab-4c9367dc0958', payload: {} },
} as const

testProvider(
  { ...githubEntry, vectors: vectors('github'), reasons: true, sign },
  { describe, test },
)
