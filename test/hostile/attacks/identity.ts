import { createHash } from 'node:crypto'
import { perTenant } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { generic, hubspot, linear, mailgun, standardWebhooks, zendesk } from '@postern/providers'
import { headerOf, withHeaders, type HostileCase, type Run, type Wire } from '../case.ts'
import { attack, genuine, mac, NOW, plain, rejected, taken, URL_OF_ALL } from './sign.ts'

const KEY = 'a-secret-nobody-knows'
const STANDARD = `whsec_${Buffer.from('a-key-of-thirty-two-bytes-or-so!').toString('base64')}`

/** An attacker cannot change the tenant or the id of an event. */
export function identity(): readonly HostileCase[] {
  return [...replays(), ...ofMailgun(), ...ofHubspot(), ...ofStandard(), ...secrets(), ...tenants()]
}

function replays(): readonly HostileCase[] {
  const ofLinear = (): Provider => linear({ secret: KEY })
  const event = genuine(ofLinear(), { topic: 'Issue.create', payload: { data: { id: '1' } } })
  const ofZendesk = (): Provider => zendesk({ signingSecret: KEY })
  const ticket = genuine(ofZendesk(), { payload: { a: 1 } })
  const uuid = (at: number): string => `00000000-0000-4000-8000-00000000000${at}`
  return [
    attack(
      'replay',
      'Linear: a captured delivery under other ids is a duplicate',
      ofLinear,
      [
        taken(event),
        ...[1, 2, 3].map((at) => taken(withHeaders(event, { 'linear-delivery': uuid(at) }))),
      ],
      [],
      { sameAsFirst: true, once: true },
    ),
    attack(
      'method',
      'Zendesk: a captured POST as a GET',
      ofZendesk,
      [
        taken(ticket),
        {
          wire: {
            ...ticket,
            method: 'GET',
            url: `${URL_OF_ALL}?type=evil&id=1`,
            body: new Uint8Array(0),
          },
          status: [400, 401, 405],
        },
      ],
      [],
      { sameAsFirst: true, once: true },
    ),
  ]
}

function ofMailgun(): readonly HostileCase[] {
  const provider = (): Provider => mailgun({ signingKey: KEY })
  const stamp = String(NOW / 1000)
  const token = 'b'.repeat(50)
  const signature = { timestamp: stamp, token, signature: mac(KEY, stamp + token) }
  const payload = (id: string, event = 'opened'): object => ({
    signature,
    'event-data': { id, event },
  })
  const post = (body: object): Wire => plain('POST', URL_OF_ALL, JSON.stringify(body))
  const kept = { topic: 'opened', payload: { 'event-data': { id: 'e1', event: 'opened' } } }
  const form = new URLSearchParams({ ...signature, event: 'unsubscribed' }).toString()
  return [
    attack(
      'replay',
      'Mailgun: one token signs other events',
      provider,
      [
        taken(post(payload('e1'))),
        rejected(post(payload('e2')), 401, 'replay_detected'),
        rejected(post(payload('e3', 'complained')), 401, 'replay_detected'),
        rejected(plain('POST', URL_OF_ALL, form), 401, 'replay_detected'),
        taken(post(payload('e1'))),
      ],
      [kept],
    ),
    attack('time', 'Mailgun: an invalid time', provider, [
      rejected(
        post({
          signature: { timestamp: 'NaN', token, signature: mac(KEY, `NaN${token}`) },
          'event-data': { id: 'e1', event: 'opened' },
        }),
        401,
      ),
    ]),
  ]
}

function ofHubspot(): readonly HostileCase[] {
  const provider = (): Provider => hubspot({ clientSecret: KEY })
  const body = '[{"subscriptionType":"contact.creation","objectId":1}]'
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
  const old = (version: string, signature: string, method = 'POST', url = URL_OF_ALL): Wire =>
    plain(method, url, method === 'GET' ? '' : body, {
      'x-hubspot-signature': signature,
      'x-hubspot-signature-version': version,
    })
  return [
    attack('version', 'HubSpot v1', provider, [rejected(old('v1', sha(KEY + body)), 401)]),
    attack('version', 'HubSpot v2', provider, [
      rejected(old('v2', sha(`${KEY}POST${URL_OF_ALL}${body}`)), 401),
    ]),
    attack('version', 'HubSpot v2 presented as v1', provider, [
      rejected(old('v1', sha(`${KEY}POST${URL_OF_ALL}${body}`)), 401),
    ]),
    attack('version', 'HubSpot v1 of nothing on a GET', provider, [
      rejected(old('v1', sha(KEY), 'GET', `${URL_OF_ALL}?subscriptionType=evil`), 401),
    ]),
  ]
}

function ofStandard(): readonly HostileCase[] {
  const provider = (): Provider => standardWebhooks({ secret: STANDARD })
  const wire = genuine(provider(), { id: 'msg_1', payload: { type: 'a' } })
  const stamp = headerOf(wire, 'webhook-timestamp')!
  const signature = headerOf(wire, 'webhook-signature')!
  return [
    attack(
      'identity',
      'Standard Webhooks: a message cut at another dot',
      provider,
      [
        taken(wire),
        {
          wire: {
            ...withHeaders(wire, { 'webhook-id': `msg_1.${stamp}` }),
            body: Buffer.from(`${stamp}.${Buffer.from(wire.body).toString()}`),
          },
          status: [400, 401],
        },
      ],
      [],
      { sameAsFirst: true, once: true },
    ),
    ...[
      ['a thousand signatures', `${`v1,${'A'.repeat(43)}= `.repeat(300)}`],
      ['an unknown version', signature.replace('v1,', 'v9,')],
      ['a signature without its version', signature.replace('v1,', '')],
      ['an empty signature', 'v1,'],
    ].map(([what, value]) =>
      attack('signature', `Standard Webhooks: ${what}`, provider, [
        rejected(withHeaders(wire, { 'webhook-signature': value }), 401),
      ]),
    ),
    ...['NaN', '1e9', '0x10', '-1', ' ', '17000000000000000000', '1700000000.5', '１７'].map(
      (time) =>
        attack('time', `Standard Webhooks: the time ${JSON.stringify(time)}`, provider, [
          rejected(
            withHeaders(wire, { 'webhook-timestamp': Buffer.from(time).toString('latin1') }),
            401,
          ),
        ]),
    ),
  ]
}

function secrets(): readonly HostileCase[] {
  const body = '{"type":"a"}'
  const values: Readonly<Record<string, unknown>> = {
    'a String object': new String('supersecret'),
    'a Buffer': Buffer.from('supersecret'),
    'a Set': new Set(['supersecret']),
    'an object': { secret: 'supersecret' },
    'a number': 5,
    true: true,
    null: null,
    'an empty list': [],
    'a list with a hole': [undefined],
    'a list in a list': [['supersecret']],
    'an empty text': '',
    blanks: '   ',
    'a promise of a Buffer': Promise.resolve(Buffer.from('supersecret')),
    'a tenant that is not a string': { secret: 'supersecret', tenant: 7 },
  }
  return Object.entries(values).map(([what, value]) => {
    const provider = (): Provider =>
      generic({
        name: 'acme',
        secret: () => value as never,
        scheme: 'hmac',
        header: 'x-acme',
      })
    return attack(
      'secret',
      `a function that returns ${what}`,
      provider,
      ['s', 'supersecret', '', '5', 'null', '[object Object]'].map((key) =>
        rejected(
          plain('POST', URL_OF_ALL, body, { 'x-acme': mac(key, body) }),
          503,
          'secret_unavailable',
        ),
      ),
    )
  })
}

function tenants(): readonly HostileCase[] {
  let lookedUp = 0
  const provider = (): Provider => {
    lookedUp = 0
    const secret = perTenant({
      claimedTenant: (delivery) => delivery.header('x-tenant'),
      secrets: (tenant) => {
        if (tenant !== 'known') return undefined
        lookedUp++
        return { tenant: 'known', secrets: KEY }
      },
      max: 10,
    })
    return generic({ name: 'acme', secret, scheme: 'hmac', header: 'x-acme' })
  }
  const from = (tenant: string): Wire => {
    const body = '{"type":"a"}'
    return plain('POST', URL_OF_ALL, body, { 'x-tenant': tenant, 'x-acme': mac(KEY, body) })
  }
  const made = Array.from({ length: 60 }, (_, at) =>
    rejected(from(`made-up-${at}`), 401, 'unknown_sender'),
  )
  const run: Run = { topic: 'a', payload: { type: 'a' } }
  return [
    attack(
      'tenant',
      'made-up tenants do not drive a known one out',
      provider,
      [taken(from('known')), ...made, taken(from('known'))],
      [run, run],
      {
        after: () => (lookedUp > 1 ? 'the known tenant was looked up again' : undefined),
      },
    ),
    ...['__proto__', 'constructor', '../known', 'known\u0000', 'KNOWN', ' known'].map((tenant) =>
      attack(
        'tenant',
        `a tenant called ${JSON.stringify(tenant)}`,
        provider,
        [rejected(from(tenant.replace('\u0000', '%00')), tenant.trim() === 'known' ? 200 : 401)],
        tenant.trim() === 'known' ? [run] : [],
      ),
    ),
  ]
}
