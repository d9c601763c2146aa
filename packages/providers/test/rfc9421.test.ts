import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { rfc9421Entry } from '../src/entries/rfc9421.ts'
import { rfc9421 } from '../src/rfc9421.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['shared secret 1', 'shared secret 2'],
  draft: { topic: 'message', payload: {} },
} as const

testProvider({ ...rfc9421Entry, vectors: vectors('rfc9421'), sign }, { describe, test })

test('a key of another kind than alg is refused', () => {
  expect(() => rfc9421({ secret: 's', alg: 'ed25519' })).toThrow('secret does not go with alg')
  expect(() => rfc9421({ publicKey: 'MFkw', alg: 'ed25519' })).toThrow(/publicKey.*Ed25519 key/)
  expect(() => rfc9421({ secret: 's', publicKey: 'p' })).toThrow('not both')
})
