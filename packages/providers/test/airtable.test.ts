import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { airtableEntry } from '../src/airtable.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['YWlydGFibGUtbWFjLXNlY3JldC0zMi1ieXRlcy1sb25nIQ==', 'YW5vdGhlcg=='],
  draft: { topic: 'ping', payload: {} },
} as const

testProvider({ ...airtableEntry, vectors: vectors('airtable'), sign }, { describe, test })
