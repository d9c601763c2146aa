import { expect, test } from 'vitest'
import { googlePubsub } from '../src/google-pubsub.ts'
import { deliver } from './deliver.ts'
import { jwtKey } from './jwt.ts'

const NOW = 1_760_000_000_000
const url = 'https://example.com/push?x=1'

test("Google's keys are fetched once; only the verified service account may push", async () => {
  const { key, token } = await jwtKey('RS256')
  const fetched: string[] = []
  const provider = googlePubsub({
    email: ['a@p.iam.gserviceaccount.com'],
    fetch: async (from) => {
      fetched.push(from)
      return Response.json({ keys: [key] })
    },
  })
  const claims = {
    iss: 'https://accounts.google.com',
    aud: url,
    email: 'a@p.iam.gserviceaccount.com',
    email_verified: true,
    exp: NOW / 1000 + 3600,
    iat: NOW / 1000,
  }
  const body =
    '{"message":{"messageId":"m1","attributes":{}},"subscription":"projects/p/subscriptions/s"}'
  const send = async (changes: object) => {
    const authorization = `Bearer ${await token({ ...claims, ...changes })}`
    return deliver(provider, [{ url, body, headers: { authorization } }], NOW)
  }
  expect((await send({})).got).toEqual(['projects/p/subscriptions/s m1'])
  for (const wrong of [
    { email_verified: false },
    { email_verified: 'true' },
    { email: undefined },
    { email: 'b@p.iam.gserviceaccount.com' },
    { aud: 'https://example.com/push' },
    { iss: 'https://evil.example' },
    { exp: undefined },
  ])
    expect((await send(wrong)).statuses).toEqual([401])
  expect(fetched).toEqual(['https://www.googleapis.com/oauth2/v3/certs'])
})
