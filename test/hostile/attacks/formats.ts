import {
  docusign,
  generic,
  github,
  linear,
  mailgun,
  sentry,
  shopify,
  slack,
  standardWebhooks,
  stripe,
  twilio,
  zendesk,
} from '@postern/providers'
import type { Provider } from '@postern/core/scheme'
import {
  REJECTED,
  runOf,
  TAKEN,
  withHeaders,
  type HostileCase,
  type Run,
  type Wire,
} from '../case.ts'
import { attack, genuine, mac, plain, rejected, taken, URL_OF_ALL } from './sign.ts'

const KEY = 'a-secret-nobody-knows'
const STANDARD = `whsec_${Buffer.from('a-key-of-thirty-two-bytes-or-so!').toString('base64')}`
const FORM = 'application/x-www-form-urlencoded'
const EVIL = '&command=/deploy&user_id=UADMIN&type=evil&payload=%7B%22type%22%3A%22evil%22%7D&'

/** A signed body keeps its meaning, even if an attacker sends a captured copy with another content type. */
export function formats(): readonly HostileCase[] {
  return [...captured(), ...ofGeneric(), ...ofTwilio(), ...ofMultipart()]
}

// A signed message contains text that looks like a form. The attacker sends it again with the content type of a form.
function captured(): readonly HostileCase[] {
  const senders: Readonly<Record<string, () => Provider>> = {
    slack: () => slack({ signingSecret: KEY }),
    linear: () => linear({ secret: KEY }),
    sentry: () => sentry({ clientSecret: KEY }),
    stripe: () => stripe({ secret: KEY }),
    zendesk: () => zendesk({ signingSecret: KEY }),
    shopify: () => shopify({ secret: KEY }),
    github: () => github({ secret: KEY }),
    docusign: () => docusign({ hmacKey: KEY }),
    'standard-webhooks': () => standardWebhooks({ secret: STANDARD }),
  }
  const types = [FORM, `${FORM}; charset=utf-16`, 'text/xml', 'multipart/form-data; boundary=a']
  return Object.entries(senders).flatMap(([name, provider]) => {
    const wire = genuine(provider(), { payload: { text: EVIL, note: EVIL } })
    return types.map((type) =>
      attack(
        'label',
        `${name}: a message with the text of a form, labelled ${type}`,
        provider,
        [taken(wire), taken(withHeaders(wire, { 'content-type': type }))],
        [],
        { sameAsFirst: true },
      ),
    )
  })
}

function ofGeneric(): readonly HostileCase[] {
  const provider = (): Provider =>
    generic({ name: 'acme', secret: KEY, scheme: 'hmac', header: 'x-acme' })
  const signed = (body: string | Uint8Array, type = 'application/json'): Wire =>
    plain('POST', URL_OF_ALL, body, { 'x-acme': mac(KEY, body), 'content-type': type })
  const run = (payload: unknown, topic = 'event'): Run => runOf(topic, payload)
  const bytes = (text: string | Uint8Array): Uint8Array => Buffer.from(text)
  const cases: readonly [string, string | Uint8Array, Run][] = [
    ['JSON', '{"type":"a","b":1}', run({ type: 'a', b: 1 }, 'a')],
    ['a form', 'type=a&b=%7B1', run({ type: 'a', b: '{1' }, 'a')],
    ['XML', '<type>a</type>', run({ type: 'a' }, 'a')],
    ['a text', 'type=a&b={1}', run(bytes('type=a&b={1}'))],
    ['a text with an equals sign', 'a = b', run(bytes('a = b'))],
    ['bytes', Buffer.from([0, 255, 61]), run(bytes(Buffer.from([0, 255, 61])))],
    ['a number', '42', run(bytes('42'))],
    ['half an escape', 'a=%4', run(bytes('a=%4'))],
  ]
  const labels = ['application/json', FORM, 'text/xml', 'text/plain;charset=UTF-8', 'image/png']
  return [
    ...cases.flatMap(([what, body, expected]) =>
      labels.map((type) =>
        attack(
          'label',
          `generic: ${what} labelled ${type}`,
          provider,
          [taken(signed(body, type))],
          [expected],
        ),
      ),
    ),
    attack(
      'format',
      'generic: JSON in UTF-16',
      provider,
      [{ wire: signed(Buffer.from('{"type":"a"}', 'utf16le')), status: [...TAKEN, 400] }],
      [run(bytes(Buffer.from('{"type":"a"}', 'utf16le')))],
      { orNone: true },
    ),
    attack(
      'format',
      'generic: a key that poisons',
      provider,
      [taken(signed('{"type":"a","__proto__":{"admin":true}}'))],
      [run({ type: 'a' }, 'a')],
    ),
    attack(
      'identity',
      'two events about one resource are two events',
      provider,
      [
        taken(signed('{"type":"convo.created","id":42}')),
        taken(signed('{"type":"convo.status","id":42}')),
      ],
      [
        run({ type: 'convo.created', id: 42 }, 'convo.created'),
        run({ type: 'convo.status', id: 42 }, 'convo.status'),
      ],
    ),
    attack(
      'query',
      'generic: a signed body, and a query that nobody signed',
      provider,
      [taken({ ...signed('{"type":"a"}'), url: `${URL_OF_ALL}?type=evil&id=9` })],
      [run({ type: 'a' }, 'a')],
    ),
    attack('method', 'generic: a captured signature of nothing on a GET with a query', provider, [
      rejected({ ...signed(''), method: 'GET', url: `${URL_OF_ALL}?type=evil` }, 405),
    ]),
  ]
}

function ofTwilio(): readonly HostileCase[] {
  const provider = (): Provider => twilio({ authToken: KEY })
  const sms = genuine(provider(), { payload: { Body: 'hi', From: '+15550001111' } })
  const form = (body: string): Wire => ({ ...sms, body: Buffer.from(body) })
  const get = genuine(provider(), { method: 'GET', payload: { From: '+1', MessageSid: 'SM1' } })
  return [
    attack('format', 'Twilio: fields cut in another place', provider, [
      rejected(form('Body=hi&From%2B15550001111='), 401),
      rejected(form('Body=hi&From=%2B1555000&1111='), 401),
    ]),
    attack('format', 'Twilio: a form of nothing in the place of a signed query', provider, [
      { wire: { ...get, method: 'POST', body: Buffer.from('&') }, status: [400, 401] },
      { wire: { ...get, method: 'POST', body: Buffer.from('&&=') }, status: [400, 401] },
    ]),
    attack('format', 'Twilio: JSON without its digest', provider, [
      {
        wire: { ...get, method: 'POST', body: Buffer.from('{"type":"evil"}') },
        status: [400, 401],
      },
    ]),
    attack('query', 'Twilio: a query that was added', provider, [
      rejected({ ...sms, url: `${sms.url}?Body=evil` }, 401),
    ]),
    attack(
      'label',
      'Twilio: a form labelled JSON',
      provider,
      [taken(withHeaders(sms, { 'content-type': 'application/json' }))],
      [],
      { sameAsFirst: true },
    ),
  ]
}

function ofMultipart(): readonly HostileCase[] {
  const provider = (): Provider => mailgun({ signingKey: KEY })
  const stamp = String(Date.UTC(2026, 0, 15, 8) / 1000)
  const token = 'a'.repeat(50)
  const fields = { timestamp: stamp, token, signature: mac(KEY, stamp + token), sender: 'a@b.c' }
  const part = (name: string, value: string): string =>
    `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const inner = `--inner\r\n${part('event', 'evil')}--inner--`
  const parts = [...Object.entries(fields), ['body-plain', inner] as const]
  const body = `${parts.map(([name, value]) => `--outer\r\n${part(name, value)}`).join('')}--outer--\r\n`
  const { signature: _, ...kept } = fields
  const expected = {
    topic: 'inbound',
    payload: { fields: { ...kept, 'body-plain': inner }, files: [] },
  }
  return ['outer', 'inner', 'x'].map((boundary) =>
    attack(
      'label',
      `mailgun: a part inside of a part, with the boundary ${boundary}`,
      provider,
      [
        {
          wire: plain('POST', URL_OF_ALL, body, {
            'content-type': `multipart/form-data; boundary=${boundary}`,
          }),
          status: [...TAKEN, ...REJECTED],
        },
      ],
      [expected],
    ),
  )
}
