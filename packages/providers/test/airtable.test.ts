import { expect, test } from 'vitest'
import { airtable } from '../src/airtable.ts'

test('a secret that is not base64 is rejected when the app starts', () => {
  expect(() => airtable({ macSecretBase64: 'not base64!' })).toThrow(/macSecretBase64.*base64/)
})
