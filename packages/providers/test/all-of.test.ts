import { allOf, behind } from '@postern/core'
import { explain } from '@postern/core/explain'
import { remake } from '@postern/core/internal'
import { expect, test } from 'vitest'
import { cloudflareAccess } from '../src/cloudflare-access.ts'
import { generic } from '../src/generic.ts'
import { github } from '../src/github.ts'
import { hookdeckGateway } from '../src/hookdeck-gateway.ts'
import { meta } from '../src/meta.ts'
import { deliver } from './deliver.ts'
import { jwtKey } from './jwt.ts'

const NOW = 1_790_000_000_000
const hub = github({ secret: 'a-secret-of-github' })
const access = await jwtKey('RS256')
const options = { team: 'acme', audience: 'tag', jwks: { keys: [access.key] } }
const token = await access.token({
  iss: 'https://acme.cloudflareaccess.com',
  aud: ['tag'],
  exp: NOW / 1000 + 60,
})

function passed(headers: Readonly<Record<string, string>>) {
  return { ...headers, 'cf-access-jwt-assertion': token }
}

test('both must verify; events, ids, name and cover are those of the sender', async () => {
  const provider = allOf(cloudflareAccess(options), hub)
  const own = hub.sign!({ topic: 'push', id: 'guid', payload: { ref: 'r' } })
  const both = { ...own, headers: passed(own.headers) }
  const forged = github({ secret: 'forged' }).sign!({ topic: 'push' })
  const { statuses, events } = await deliver(
    provider,
    [
      both,
      own,
      { ...own, headers: { ...own.headers, 'cf-access-jwt-assertion': `${token}x` } },
      { ...forged, headers: passed(forged.headers) },
      { ...own, headers: passed({}) },
    ],
    NOW,
  )
  expect(statuses).toEqual([200, 401, 401, 401, 401])
  expect(events).toMatchObject([{ id: 'guid', topic: 'push', provider: 'github' }])
  expect(provider).toMatchObject({ name: 'github', covers: hub.covers })
  expect((await deliver(provider, [both], NOW + 120_000)).statuses).toEqual([401])
  expect(events[0]!.delivery.headers.map(([name]) => name)).not.toContain('cf-access-jwt-assertion')
})

test('explain names the one of both that rejects', async () => {
  const provider = allOf(cloudflareAccess(options), hub)
  const own = hub.sign!({ topic: 'push' })
  const now = { now: () => NOW }
  expect(await explain(own, provider, now)).toMatchObject({
    verdict: 'rejected',
    code: 'missing_header',
    provider: 'cloudflare-access',
  })
  const { headers } = own
  const changed = { ...own, headers: passed({ ...headers, 'x-hub-signature-256': 'sha256=00' }) }
  expect(await explain(changed, provider, now)).toMatchObject({
    verdict: 'rejected',
    provider: 'github',
  })
  const right = { ...own, headers: passed(headers) }
  expect((await explain(right, provider, now)).verdict).toBe('accepted')
})

test('a challenge of the sender is answered if the edge let it pass', async () => {
  const inner = meta({ appSecret: 's', verifyToken: 'v' })
  const provider = allOf(cloudflareAccess(options), inner)
  const url =
    'https://example.com/webhooks?hub.mode=subscribe&hub.verify_token=v&hub.challenge=1158201444'
  const { statuses } = await deliver(
    provider,
    [
      { method: 'GET', url, headers: passed({}) },
      { method: 'GET', url },
    ],
    NOW,
  )
  expect(statuses).toEqual([200, 401])
})

test('tokens of an edge sign too; what is made again keeps the edge; it can lie before a gateway', async () => {
  const edge = generic({
    name: 'ngrok',
    secret: 'an-edge-secret',
    scheme: 'header-token',
    header: 'X-Edge-Secret',
  })
  const provider = allOf(edge, hub)
  const signed = provider.sign!({ topic: 'push' })
  const again = remake(provider, {})
  const alone = hub.sign!({ topic: 'push' })
  for (const one of [provider, again])
    expect((await deliver(one, [signed, alone])).statuses).toEqual([200, 401])
  const gateway = hookdeckGateway({ secret: 'a-secret-of-hookdeck' })
  const nested = allOf(edge, behind(gateway, hub))
  const through = nested.sign!({ topic: 'push', id: 'hd_1' })
  const { statuses, events } = await deliver(nested, [through, signed])
  expect([statuses, events.map(({ id }) => id)]).toEqual([[200, 401], ['hd_1']])
})

test('mistakes are told when it is made', () => {
  expect(() => allOf(generic({ unauthenticated: true }), hub)).toThrow(
    'access must authenticate requests',
  )
  expect(() => allOf(github as never, hub)).toThrow('access must be a provider')
})
