import { expect, test } from 'vitest'
import { rfc9421 } from '../src/rfc9421.ts'

test('a key of another kind than alg is refused', () => {
  expect(() => rfc9421({ secret: 's', alg: 'ed25519' })).toThrow('secret does not go with alg')
  expect(() => rfc9421({ publicKey: 'MFkw', alg: 'ed25519' })).toThrow(/publicKey.*Ed25519 key/)
  expect(() => rfc9421({ secret: 's', publicKey: 'p' })).toThrow('not both')
})
