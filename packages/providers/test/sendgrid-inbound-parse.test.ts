import { generateKeyPairSync } from 'node:crypto'
import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { sendgridInboundParseEntry } from '../src/entries/sendgrid-inbound-parse.ts'
import { sendgridInboundParse } from '../src/sendgrid-inbound-parse.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [privateKey(), privateKey()],
  draft: { topic: 'mail', payload: { subject: 'hi' } },
} as const

testProvider(
  { ...sendgridInboundParseEntry, vectors: vectors('sendgrid-inbound-parse'), sign },
  { describe, test },
)

function privateKey(): string {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

test('fields are signed once each', async () => {
  const provider = sendgridInboundParse({ publicKey: sign.secrets[0] })
  const fields = { subject: 'hi', text: 'there' }
  const { events } = await deliver(provider, [provider.sign!({ payload: fields })])
  expect(events.map(({ payload }) => payload)).toMatchObject([{ fields }])
})

test('mail without a signature must be asked for', () => {
  expect(() => sendgridInboundParse({})).toThrow(/publicKey is missing.*unauthenticated: true/)
})
