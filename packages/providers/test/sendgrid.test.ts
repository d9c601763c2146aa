import { generateKeyPairSync } from 'node:crypto'
import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { sendgridEntry } from '../src/entries/sendgrid.ts'
import { sendgrid } from '../src/sendgrid.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [privateKey(), privateKey()],
  draft: { topic: 'delivered', id: 'sg-event-1', payload: {} },
} as const

testProvider({ ...sendgridEntry, vectors: vectors('sendgrid'), sign }, { describe, test })

function privateKey(): string {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

test('a key that is no ECDSA key is refused', () => {
  expect(() => sendgrid({ publicKey: 'MFkw' })).toThrow(/publicKey.*ECDSA key on curve P-256/)
})
