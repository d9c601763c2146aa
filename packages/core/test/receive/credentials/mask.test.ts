import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { masker } from '../../../src/receive/credentials/mask.ts'
import { WebhookError } from '../../../src/index.ts'
import { token, type Provider } from '../../../src/provider/index.ts'
import { acme, type AcmeSpec } from '../../acme.ts'
import { createDelivery } from '../../../src/receive/http-delivery.ts'

const SECRET = 'hunter2-hunter2'

function kept(
  sent: { url?: string; headers?: [string, string][]; body?: string | Uint8Array },
  spec: AcmeSpec = {},
  more: Partial<Provider> = {},
) {
  const { url, headers, body, masked } = masker({ ...acme(spec), ...more })(
    createDelivery({ url: 'https://example.com/hook', ...sent }),
  )
  return { url, headers, body: Buffer.from(body).toString(), masked }
}

describe('a value at the place of a credential of some sender is masked in a rejected body', () => {
  test.each([
    ['{"passcode":"S","a":1}', '{"passcode":"(masked)","a":1}', 'passcode'],
    ['{ "a" : 1,\n "passcode" :\t"S" }', '{ "a" : 1,\n "passcode" :\t"(masked)" }', 'passcode'],
    [
      '{"passcode":"S","passcode":"S"}',
      '{"passcode":"(masked)","passcode":"(masked)"}',
      'passcode',
    ],
    ['{"pass\\u0063ode":"S"}', '{"pass\\u0063ode":"(masked)"}', 'passcode'],
    ['{"passcode":{"deep":["S",{"a":"S"}]},"b":2}', '{"passcode":"(masked)","b":2}', 'passcode'],
    ['{"passcode":17}', '{"passcode":"(masked)"}', 'passcode'],
    ['{"a":1,"passcode":"S', '{"a":1,"passcode":"(masked)"', 'passcode'],
    ['\uFEFF{"passcode":"S"}', '\uFEFF{"passcode":"(masked)"}', 'passcode'],
    ['{"ä":"ü","passcode":"S"}', '{"ä":"ü","passcode":"(masked)"}', 'passcode'],
    ['{"a":1}\n{"passcode":"S"}\n', '{"a":1}\n{"passcode":"(masked)"}\n', 'passcode'],
    [
      '{"value":[{"clientState":"S","x":1},{"clientState":"S"}]}',
      '{"value":[{"clientState":"(masked)","x":1},{"clientState":"(masked)"}]}',
      'value[].clientState',
    ],
    [
      '{"validationTokens":["S","S"]}',
      '{"validationTokens":["(masked)","(masked)"]}',
      'validationTokens[]',
    ],
    ['{"passcode":{"deep":"S', '{"passcode":"(masked)"', 'passcode'],
    ['a=1&passcode=S&b=2', 'a=1&passcode=(masked)&b=2', 'passcode'],
    ['-a=--&passcode=S', '-a=--&passcode=(masked)', 'passcode'],
    ['value[][clientState]=S', 'value[][clientState]=(masked)', 'value[][clientState]'],
    ['value[10].clientState=S', 'value[10].clientState=(masked)', 'value[10].clientState'],
    ['validationTokens[0]=S', 'validationTokens[0]=(masked)', 'validationTokens[0]'],
    [
      'value%5B0%5D%5BclientState%5D=S',
      'value%5B0%5D%5BclientState%5D=(masked)',
      'value[0][clientState]',
    ],
    [
      '<env:Envelope><Body><x/><notifications><SessionId>S</SessionId><Id>1</Id></notifications></Body></env:Envelope>',
      '<env:Envelope><Body><x/><notifications><SessionId>(masked)</SessionId><Id>1</Id></notifications></Body></env:Envelope>',
      'Envelope.Body.notifications.SessionId',
    ],
    [
      '\n<Envelope a="b/c"><Body\n><notifications><Id>1</Id><SessionId><b>S</b> and S</SessionId></notifications></Body></Envelope>',
      '\n<Envelope a="b/c"><Body\n><notifications><Id>1</Id><SessionId>(masked)</SessionId></notifications></Body></Envelope>',
      'Envelope.Body.notifications.SessionId',
    ],
    [
      '<Envelope><Body><notifications><SessionId>S<![CDATA[S',
      '<Envelope><Body><notifications><SessionId>(masked)',
      'Envelope.Body.notifications.SessionId',
    ],
    [
      '<Envelope><Body><notifications><SessionId>S</Sess',
      '<Envelope><Body><notifications><SessionId>(masked)',
      'Envelope.Body.notifications.SessionId',
    ],
    [
      '--xy\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--xy\r\nContent-Disposition: form-data; name="passcode"\r\n\r\nS--x\nS\r\n--xy--\r\n',
      '--xy\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--xy\r\nContent-Disposition: form-data; name="passcode"\r\n\r\n(masked)\r\n--xy--\r\n',
      'passcode',
    ],
    [
      '--x\r\nContent-Disposition: form-data; name="passcode"\r\n\r\nS',
      '--x\r\nContent-Disposition: form-data; name="passcode"\r\n\r\n(masked)',
      'passcode',
    ],
    [
      '<Envelope><Body><notifications><SessionId>S',
      '<Envelope><Body><notifications><SessionId>(masked)',
      'Envelope.Body.notifications.SessionId',
    ],
    [
      '--x\nContent-Disposition: form-data; name=passcode\n\nS\n--x--\n',
      '--x\nContent-Disposition: form-data; name=passcode\n\n(masked)\n--x--\n',
      'passcode',
    ],
    [
      '<?xml version="1.0"?><!-- > --><Envelope><Body><notifications><SessionId><![CDATA[S]]></SessionId></notifications></Body></Envelope>',
      '<?xml version="1.0"?><!-- > --><Envelope><Body><notifications><SessionId>(masked)</SessionId></notifications></Body></Envelope>',
      'Envelope.Body.notifications.SessionId',
    ],
    [
      '--x\r\nContent-Disposition: form-data; name="passcode"\r\n\r\nS\r\n--x--\r\n',
      '--x\r\nContent-Disposition: form-data; name="passcode"\r\n\r\n(masked)\r\n--x--\r\n',
      'passcode',
    ],
  ])('%s', (sent, expected, path) => {
    const found = kept({ body: sent.replaceAll('S"', `${SECRET}"`).replace(/S$/, SECRET) })
    const plain = kept({ body: sent })
    expect(plain.body).toBe(expected)
    expect(plain.masked).toEqual([`field ${path}`])
    expect(found.body).not.toContain(SECRET)
  })

  test.each([
    ['a name elsewhere', '{"data":{"passcode":"mine","clientState":"open"}}'],
    ['the path in part', '{"value":{"clientState":"open"},"clientState":"open"}'],
    ['nothing in it', '{"passcode":""}'],
    ['null', '{"passcode":null}'],
    ['a text', 'hello, value of an Envelope'],
    ['a slash', 'ab/x'],
    ['white space', ' \n'],
    ['a name without a value', 'passcode&a=1'],
    ['a name that is a value', '-a=passcode'],
    ['another member of a list', 'value[x][clientState]=open'],
    ['a list', '[{"a":"passcode"}]'],
    ['a name that is cut off', '{"a":1,"passcode'],
    [
      'an empty element',
      '<Envelope><Body><notifications><SessionId/><SessionId></SessionId></notifications></Body></Envelope>',
    ],
    ['a part without a name', '--x\r\nContent-Type: text/plain\r\n\r\npasscode\r\n--x--\r\n'],
    ['malformed JSON', "{'a': 1}"],
    ['what a parser left', '[object Object]'],
    ['another XML', '<feed><SessionId>open</SessionId></feed>'],
  ])('and nothing else: %s', (_, body) => {
    expect(kept({ body })).toMatchObject({ body, masked: undefined })
  })

  test.each([
    ['malformed JSON', `{'passcode': '${SECRET}'}`],
    ['JSON in a JSON string', JSON.stringify(JSON.stringify({ passcode: SECRET }))],
    ['UTF-16', Buffer.from(JSON.stringify({ passcode: SECRET }), 'utf16le')],
    ['an object that ends like a list', `{"passcode":"${SECRET}"]`],
    ['a comma between values', `{"a":1},{"passcode":"${SECRET}"}`],
    ['a missing comma', `{"a":1 "passcode":"${SECRET}"}`],
    ['a missing colon', `{"passcode" "${SECRET}"}`],
    ['a second colon', `{"a"::"passcode ${SECRET}"}`],
    ['a colon without a name', `{:"passcode ${SECRET}"}`],
    ['a colon in a list', `["passcode":"${SECRET}"]`],
    ['a colon between values', `{}:"passcode ${SECRET}"`],
    ['a brace too many', `{"a":"passcode ${SECRET}"}}`],
    ['a name without quotes', '{passcode}'],
    ['a name alone', 'passcode'],
    ['a name of a list in a text', `clientState: ${SECRET}`],
    ['a boundary without a name', '--\r\n\r\npasscode=S'],
    ['an escaped name in no known form', `pass%63ode: ${SECRET}`],
    ['gzip', gzipSync(JSON.stringify({ passcode: SECRET }))],
    ['zlib', deflateSync(JSON.stringify({ passcode: SECRET }))],
    ['zstd', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
  ])('a body that names one and cannot be read goes as a whole: %s', (_, body) => {
    expect(kept({ body })).toMatchObject({ body: '', masked: ['body'] })
  })

  test.each([
    [0x1f, 0x41],
    [0x41, 0x8b],
    [0x28, 0x41, 0x2f, 0xfd],
    [0x28, 0xb5, 0x41, 0xfd],
    [0x28, 0xb5, 0x2f, 0x41],
    [0x41, 0xb5, 0x2f, 0xfd],
    [0x41, 0x45],
    [0x78, 0x79],
    [0x78],
  ])('bytes that begin as no compression does are read: %#x %#x', (...bytes) => {
    expect(kept({ body: Uint8Array.from(bytes) }).masked).toBe(undefined)
  })

  test.each<[string, AcmeSpec['formats'], string[], string, string | undefined]>([
    ['where a text may be one', ['text', 'bytes'], ['token'], '{"a":1}', 'body'],
    ['where it cannot be read', ['json'], ['token'], 'a text', 'body'],
    ['unless the sender has none', ['text'], [], '{"a":1}', undefined],
    ['unless there is none', ['text'], ['token'], '', undefined],
    ['unless it can be found', ['text', 'json'], ['token'], '{"a":1}', undefined],
    ['unless it can be found', undefined, ['token'], '{"a":1}', undefined],
  ])('the whole body goes %s', (_, formats, fields, body, masked) => {
    const spec = { ...(formats && { formats }), credentials: { fields } }
    expect(kept({ body }, spec).masked).toEqual(masked && [masked])
  })

  test('whatever stands around it in JSON, and all other bytes stay', () => {
    const hidden = fc.record({
      passcode: fc.constant(SECRET),
      value: fc.constant([{ clientState: SECRET }]),
    })
    fc.assert(
      fc.property(fc.jsonValue(), hidden, fc.nat(4), fc.nat(), (other, secrets, indent, cut) => {
        const text = JSON.stringify({ a: other, ...secrets, b: other }, null, indent)
        const whole = kept({ body: text })
        expect(whole.body).toBe(text.replaceAll(SECRET, '(masked)'))
        expect(kept({ body: text.slice(0, cut % text.length) }).body).not.toContain(SECRET)
      }),
    )
  })

  test('and content-length counts what is kept, so that nothing looks cut off', () => {
    const body = `{"passcode":"${SECRET}"}`
    const headers: [string, string][] = [['content-length', String(body.length)]]
    const found = kept({ body, headers })
    expect(found.headers).toEqual([['content-length', String(found.body.length)]])
    for (const [text, length] of [
      [body, 'unknown'],
      ['{}', '02'],
    ] as const)
      expect(kept({ body: text, headers: [['content-length', length]] }).headers).toEqual([
        ['content-length', length],
      ])
  })
})

describe('of the head of a rejected delivery is kept what explains it', () => {
  test('the headers that its provider reads, renamed ones too, and those that tell of proxies', () => {
    const lines: [string, string][] = [
      ['x-acme-signature', 's'],
      ['x-acme-topic', 't'],
      ['x-acme-id', 'i'],
      ['http_x_acme_signature', 's'],
      ['x-forwarded-x-acme-signature', 's'],
      ['content-type', 'application/json'],
      ['content-encoding', 'identity'],
      ['host', 'example.com'],
      ['user-agent', 'Acme/1'],
      ['forwarded', 'host=a'],
      ['x-forwarded-host', 'a'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-port', '443'],
      ['x-forwarded-prefix', '/a'],
    ]
    const others: [string, string][] = [
      ['x-forwarded-for', '10.0.0.1'],
      ['x-other', SECRET],
      ['x-acme-signature-more', SECRET],
      ['cookie', SECRET],
      ['authorization', `Bearer ${SECRET}`],
      ['x-original-authorization', SECRET],
      ['x-gitlab-token', SECRET],
    ]
    expect(kept({ headers: [...others, ...lines] })).toMatchObject({
      headers: lines,
      masked: undefined,
    })
  })

  test('the header that claims a topic, where the scheme names none', () => {
    const headers: [string, string][] = [
      ['x-topic', 't'],
      ['x-other', SECRET],
    ]
    const spec = { scheme: token({ header: 'X-Key' }) as never, claims: 'X-Topic' }
    expect(kept({ headers }, spec).headers).toEqual([['x-topic', 't']])
  })

  test('a token that its provider reads is masked under its name', () => {
    const spec = { credentials: { headers: ['X-Key'] }, reads: ['x-key'] }
    expect(
      kept(
        {
          headers: [
            ['x-key', SECRET],
            ['old-x-key', SECRET],
          ],
        },
        spec,
      ),
    ).toMatchObject({
      headers: [
        ['x-key', '(masked)'],
        ['old-x-key', '(masked)'],
      ],
      masked: ['header x-key', 'header old-x-key'],
    })
  })

  test('what its provider calls a credential is masked, but for a signature that it calls one', () => {
    const reads = (): string[] => ['x-own', 'x-signed', 'x-token']
    const headers: [string, string][] = [
      ['x-own', 'own'],
      ['x-signed', 'signature'],
      ['x-token', `HMAC ${SECRET}`],
    ]
    const credentials = { headers: ['X-Own', 'X-Signed'], query: ['k'], fields: ['f'] }
    const given = { credentials, signatures: ['X-Signed'], reads }
    const sent = { url: '/?k=1&f=2', headers, body: '{"f":1,"k":2}' }
    expect(kept(sent, {}, given)).toEqual({
      url: '/?k=(masked)&f=2',
      headers: [
        ['x-own', '(masked)'],
        ['x-signed', 'signature'],
        ['x-token', '(masked)'],
      ],
      body: '{"f":"(masked)","k":2}',
      masked: ['query k', 'field f', 'header x-own', 'header x-token'],
    })
  })

  test('a provider that does not say what it reads has the header that claims a topic', () => {
    const { reads: _, ...unread } = acme({ claims: 'X-Topic' })
    const headers: [string, string][] = [
      ['x-topic', 't'],
      ['x-acme-signature', 's'],
    ]
    const given = createDelivery({ url: '/', headers })
    expect(masker(unread)(given).headers).toEqual([['x-topic', 't']])
    const { claims: _claims, ...silent } = unread
    expect(masker(silent)(given).headers).toEqual([])
  })

  test.each([
    [`HMAC ${SECRET}`, `HMAC ${SECRET}`],
    [`Bearer ${SECRET}`, '(masked)'],
    [`Basic ${SECRET}`, '(masked)'],
    [SECRET, '(masked)'],
  ])('a signature in Authorization is kept, a token there is not: %s', (value, expected) => {
    const found = kept({ headers: [['authorization', value]] }, { reads: ['authorization'] })
    expect(found.headers).toEqual([['authorization', expected]])
  })

  test('parameters of the URL that hold a token are masked, and a user name goes', () => {
    const url = `https://u:${SECRET}@example.com/hook?a=%7e+b&code=${SECRET}&hub.verify_token=${SECRET}&signature=s#f`
    expect(kept({ url })).toMatchObject({
      url: 'https://example.com/hook?a=%7e+b&code=(masked)&hub.verify_token=(masked)&signature=s#f',
      masked: ['query code', 'query hub.verify_token'],
    })
  })
})

test.each([
  ['https://h/a?token=s&b=1#c', 'https://h/a?token=(masked)&b=1#c'],
  ['got /?a=1&access%5Ftoken=s, token=t', 'got /?a=1&access%5Ftoken=(masked) token=t'],
  ['?secret= of ?code=s', '?secret=(masked) of ?code=(masked)'],
  ['?token&a=s', '?token&a=s'],
])('an error that says %s says %s', (text, said) => {
  expect(new WebhookError('unknown_sender', text).message).toBe(said)
})
