import { afterEach, expect, test, vi } from 'vitest'
import { catalogue } from '../../providers/src/catalogue.ts'
import type { About } from '../../core/src/provider/index.ts'
import { judge } from '../explain/judge.ts'

const abouts: readonly About[] = [...catalogue.values()]
const fetching = abouts.filter(({ options }) => 'fetch' in options)

afterEach(() => void vi.unstubAllGlobals())

const token = [
  { alg: 'RS256', kid: 'a' },
  { iat: 1, exp: 9_999_999_999, aud: 'a' },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.')
const HEADERS = [
  `authorization: Bearer ${token}.AAAA`,
  `cf-access-jwt-assertion: ${token}.AAAA`,
  `plaid-verification: ${token.replace('RS256', 'ES256')}.AAAA`,
  'content-type: application/json',
]
const request = new TextEncoder().encode(
  `POST /hook HTTP/1.1\r\nhost: example.com\r\n${HEADERS.join('\r\n')}\r\n\r\n{"a":1}`,
)

test.each(fetching.map((about) => [about.name, about] as const))(
  'the page that explains rejections fetches nothing for %s, keys given or not',
  async (name, about) => {
    const fetched: string[] = []
    vi.stubGlobal('fetch', async (url: string) => {
      fetched.push(String(url))
      return new Response('{"keys":[]}')
    })
    const answer = await judge(
      {
        request,
        sender: name,
        options: { ...about.example },
        bounds: { ms: 300, attempts: 500 },
      },
      abouts,
    )
    expect(answer.kind).toMatch(/^(?:said|elsewhere)$/)
    expect(fetched).toEqual([])
  },
)

test('senders that fetch keys are tried', () => {
  expect(fetching.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['cloudflare-access', 'google-cloud-tasks', 'google-pubsub', 'plaid']),
  )
})
