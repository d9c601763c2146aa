import { expect, test } from 'vitest'
import { sendgrid } from '../src/sendgrid.ts'

test('a key that is no ECDSA key is rejected', () => {
  expect(() => sendgrid({ publicKey: 'MFkw' })).toThrow(/publicKey.*ECDSA key on curve P-256/)
})
