import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { airtableEntry } from '../src/entries/airtable.ts'
import { airtable } from '../src/airtable.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['YWlydGFibGUtbWFjLXNlY3JldC0zMi1ieXRlcy1sb25nIQ==', 'YW5vdGhlcg=='],
  draft: { topic: 'ping', payload: {} },
} as const

testProvider({ ...airtableEntry, vectors: vectors('airtable'), sign }, { describe, test })

test('a secret that is not base64 is refused when the app starts', () => {
  expect(() => airtable({ macSecretBase64: 'not base64!' })).toThrow(/macSecretBase64.*base64/)
})
