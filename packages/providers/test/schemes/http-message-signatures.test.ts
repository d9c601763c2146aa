import { generateKeyPairSync } from 'node:crypto'
import { createDelivery, type DeliveryInit } from '@postern/core'
import { type SignableRequest } from '@postern/core/scheme'
import { describe, expect, test } from 'vitest'
import {
  httpMessageSignatures,
  type HttpMessageSignaturesOptions,
} from '../../src/schemes/http-message-signatures.ts'
import { secretKey, type HttpSignatureAlgorithm } from '../../src/schemes/http-signature-keys.ts'

const NOW = 1_760_000_000_000
const CREATED = NOW / 1000
const request: SignableRequest = {
  method: 'POST',
  url: 'https://Example.com:443/hooks/%2f?b=2&a=1',
  headers: { 'content-type': 'application/json', 'x-dict': ' a=1,  b=2;x=1;y=2,   c=(a   b)' },
  body: Buffer.from('{"a":"ü"}'),
}

type Options = HttpMessageSignaturesOptions

async function verify(
  signed: DeliveryInit,
  options: Options = {},
  secret = 'shared',
): Promise<number> {
  const scheme = httpMessageSignatures(options)
  return scheme.verify(createDelivery(signed), [scheme.key(secret)], NOW)
}

function sign(options: Options = {}, secret = 'shared', at = NOW): SignableRequest {
  const scheme = httpMessageSignatures(options)
  return scheme.sign!(request, scheme.key(secret), at)
}

/** Signs any input and base, as a sender of its own would. */
function signedBy(input: string, base: string, more: Record<string, string> = {}): SignableRequest {
  const signature = secretKey('shared', 'hmac-sha256', {}).first!.sign(
    `${base}"@signature-params": ${input}`,
  )
  const headers = {
    ...request.headers,
    ...more,
    'signature-input': `s=${input}`,
    signature: `s=:${signature}:`,
  }
  return { ...request, headers }
}

const loose: Options = { requiredComponents: [] }
const refused = (code: string) => expect.objectContaining({ code }) as Error

describe.each<
  [
    HttpSignatureAlgorithm,
    () => {
      privateKey: { export(how: object): unknown }
      publicKey: { export(how: object): unknown }
    },
  ]
>([
  ['ed25519', () => generateKeyPairSync('ed25519')],
  ['ecdsa-p256-sha256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ecdsa-p384-sha384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['rsa-pss-sha512', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['rsa-v1_5-sha256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
])('%s', (alg, make) => {
  test('what the private key signs verifies with the public one, and with no other', async () => {
    const pair = make()
    const secret = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
    const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }) as string
    const signed = sign({ alg }, secret)
    expect(await verify(signed, { alg }, pem)).toBe(0)
    const other = make().publicKey.export({ format: 'pem', type: 'spki' }) as string
    await expect(verify(signed, { alg }, other)).rejects.toThrow(refused('signature_mismatch'))
  })

  test('a key of another kind is refused', () => {
    const wrong = generateKeyPairSync('x25519').publicKey.export({ format: 'pem', type: 'spki' })
    expect(() => httpMessageSignatures({ alg }).key(wrong as string)).toThrow(TypeError)
  })
})

describe('components', () => {
  test('each derived one is what RFC 9421 says it is', async () => {
    const base = [
      ['"@method"', 'POST'],
      ['"@target-uri"', 'https://example.com/hooks/%2f?b=2&a=1'],
      ['"@authority"', 'example.com'],
      ['"@scheme"', 'https'],
      ['"@request-target"', '/hooks/%2f?b=2&a=1'],
      ['"@path"', '/hooks/%2f'],
      ['"@query"', '?b=2&a=1'],
      ['"@query-param";name="a"', '1'],
      ['"content-type"', 'application/json'],
      ['"x-dict"', 'a=1,  b=2;x=1;y=2,   c=(a   b)'],
      ['"x-dict";sf', 'a=1, b=2;x=1;y=2, c=(a b)'],
      ['"x-dict";key="a"', '1'],
      ['"x-dict";key="b"', '2;x=1;y=2'],
      ['"x-dict";key="c"', '(a b)'],
      ['"x-dict";bs', ':YT0xLCAgYj0yO3g9MTt5PTIsICAgYz0oYSAgIGIp:'],
    ] as const
    const input = `(${base.map(([name]) => name).join(' ')});created=${CREATED}`
    const text = base.map(([name, value]) => `${name}: ${value}\n`).join('')
    expect(await verify(signedBy(input, text), loose)).toBe(0)
  })

  test('without a path and a query it is / and ?', async () => {
    const input = `("@path" "@query" "@target-uri");created=${CREATED}`
    const base = '"@path": /\n"@query": ?\n"@target-uri": https://example.com/\n'
    const bare = { ...signedBy(input, base), url: 'https://example.com' }
    expect(await verify(bare, loose)).toBe(0)
  })

  test.each([
    ['of a response', '("@status")', '"@status": 200\n'],
    ['of the request of a response', '("@method";req)', '"@method";req: POST\n'],
    ['of a trailer', '("x-dict";tr)', '"x-dict";tr: 1\n'],
    ['twice', '("@method" "@method")', '"@method": POST\n"@method": POST\n'],
    ['of a header that is not there', '("x-absent")', '"x-absent": \n'],
    ['in upper case', '("Content-Type")', '"Content-Type": application/json\n'],
    [
      'of a query parameter that is not there',
      '("@query-param";name="z")',
      '"@query-param";name="z": \n',
    ],
    ['of no known name', '("@future")', '"@future": \n'],
    ['of a member that is not there', '("x-dict";key="z")', '"x-dict";key="z": \n'],
  ])('%s are refused', async (_, list, base) => {
    const signed = signedBy(`${list};created=${CREATED}`, base)
    await expect(verify(signed, loose)).rejects.toThrow(refused('malformed_header'))
  })

  test('a query parameter that comes twice cannot be covered', async () => {
    const signed = signedBy(
      `("@query-param";name="a");created=${CREATED}`,
      '"@query-param";name="a": 1\n',
    )
    const url = 'https://example.com/?a=1&a=2'
    await expect(verify({ ...signed, url }, loose)).rejects.toThrow(refused('malformed_header'))
  })
})

describe('the least that must be covered', () => {
  test('a valid signature over less is refused', async () => {
    const signed = signedBy(
      `("@method" "@authority");created=${CREATED}`,
      '"@method": POST\n"@authority": example.com\n',
    )
    expect(await verify(signed, loose)).toBe(0)
    await expect(verify(signed)).rejects.toThrow('covers @target-uri')
    await expect(verify(signed, { requiredComponents: ['content-digest'] })).rejects.toThrow(
      'covers content-digest',
    )
  })

  test('the target may be covered by its parts, the query among them', async () => {
    const parts = '"@method": POST\n"@authority": example.com\n"@path": /hooks/%2f\n'
    const requiredComponents = ['@method', '@target-uri']
    const without = signedBy(`("@method" "@authority" "@path");created=${CREATED}`, parts)
    await expect(verify(without, { requiredComponents })).rejects.toThrow('covers @target-uri')
    const all = signedBy(
      `("@method" "@authority" "@path" "@query");created=${CREATED}`,
      `${parts}"@query": ?b=2&a=1\n`,
    )
    expect(await verify(all, { requiredComponents })).toBe(0)
  })

  test('a component with a parameter does not stand for the whole', async () => {
    const signed = signedBy(`("x-dict";key="a");created=${CREATED}`, '"x-dict";key="a": 1\n')
    await expect(verify(signed, { requiredComponents: ['x-dict'] })).rejects.toThrow(
      'covers x-dict',
    )
  })
})

describe('the digest of the body', () => {
  const signed = sign()

  test('is computed again, covered or not', async () => {
    expect(await verify(signed)).toBe(0)
    await expect(verify({ ...signed, body: '{"a":"u"}' })).rejects.toThrow(
      'content-digest is not the sha-256',
    )
    const uncovered = signedBy(`("@method");created=${CREATED}`, '"@method": POST\n', {
      'content-digest': 'sha-256=:AAAA:',
    })
    await expect(verify(uncovered, loose)).rejects.toThrow('content-digest')
  })

  test('of an algorithm nobody should use alone is refused', async () => {
    const old = signedBy(`("@method");created=${CREATED}`, '"@method": POST\n', {
      'content-digest': 'md5=:AAAA:, unixsum=1',
    })
    await expect(verify(old, loose)).rejects.toThrow('neither sha-256 nor sha-512')
  })

  test('is not needed where there is no body', async () => {
    const scheme = httpMessageSignatures()
    const bodiless = scheme.sign!(
      { ...request, body: new Uint8Array(0) },
      scheme.key('shared'),
      NOW,
    )
    expect(bodiless.headers).not.toHaveProperty('content-digest')
    expect(await verify(bodiless)).toBe(0)
    await expect(verify({ ...bodiless, body: '{}' })).rejects.toThrow('covers content-digest')
  })
})

describe('parameters', () => {
  test.each([
    [`created=${CREATED - 300}`, undefined],
    [`created=${CREATED - 301}`, 'timestamp_too_old'],
    [`created=${CREATED + 300}`, undefined],
    [`created=${CREATED + 301}`, 'timestamp_in_future'],
    [`created=${CREATED};expires=${CREATED}`, undefined],
    [`created=${CREATED};expires=${CREATED - 1}`, 'timestamp_too_old'],
    [`created=${CREATED}.5`, 'malformed_header'],
    [`created="${CREATED}"`, 'malformed_header'],
    [`expires=${CREATED}`, 'malformed_header'],
    [`created=${CREATED};alg="hmac-sha256"`, undefined],
    [`created=${CREATED};alg="ed25519"`, 'signature_mismatch'],
    [`created=${CREATED};keyid=token`, 'malformed_header'],
  ])('%s', async (parameters, code) => {
    const verdict = verify(signedBy(`("@method");${parameters}`, '"@method": POST\n'), loose)
    if (code === undefined) expect(await verdict).toBe(0)
    else await expect(verdict).rejects.toThrow(refused(code))
  })

  test('keyid and tag count where the options name them', async () => {
    const signed = sign({ keyId: 'a "key"', tag: 'acme' })
    expect(await verify(signed, { keyId: 'a "key"', tag: 'acme' })).toBe(0)
    await expect(verify(signed, { keyId: 'b' })).rejects.toThrow(refused('signature_mismatch'))
    await expect(verify(signed, { tag: 'other' })).rejects.toThrow('the tag other')
  })
})

describe('labels', () => {
  const one = sign({ label: 'a', keyId: 'ka' })
  const two = sign({ label: 'b', keyId: 'kb' })
  const joined = (separator: string) => ({
    ...one,
    headers: {
      ...one.headers,
      'signature-input':
        one.headers['signature-input'] + separator + two.headers['signature-input'],
      signature: one.headers['signature'] + separator + two.headers['signature'],
    },
  })

  test('of several signatures the one of the label, or of the key, counts', async () => {
    const both = joined(', ')
    expect(await verify(both, { label: 'b' })).toBe(0)
    expect(await verify(both, { keyId: 'ka' })).toBe(0)
    await expect(verify(both)).rejects.toThrow('no option says which one counts')
    await expect(verify(both, { label: 'c' })).rejects.toThrow('under the label c')
  })

  test('lines of one header are one dictionary', async () => {
    const lines = (name: string) => [one.headers[name]!, two.headers[name]!]
    const headers = {
      ...one.headers,
      'signature-input': lines('signature-input'),
      signature: lines('signature'),
    }
    expect(await verify({ ...one, headers }, { label: 'a' })).toBe(0)
  })

  test('a label that comes twice is refused', async () => {
    const twice = (name: string) => `${one.headers[name]}, ${one.headers[name]}`
    for (const name of ['signature-input', 'signature'])
      await expect(
        verify({ ...one, headers: { ...one.headers, [name]: twice(name) } }),
      ).rejects.toThrow('distinct labels')
  })

  test.each(['signature', 'signature-input'])(
    'a missing or unreadable %s is refused',
    async (name) => {
      const { [name]: _, ...rest } = one.headers
      await expect(verify({ ...one, headers: rest })).rejects.toThrow(refused('missing_header'))
      for (const value of ['a=(', 'a', 'a=1', 'a=:!!:', '%', 'a=:AAAA'])
        await expect(verify({ ...one, headers: { ...rest, [name]: value } })).rejects.toThrow(
          refused('malformed_header'),
        )
    },
  )

  test('another text of the same bytes is refused', async () => {
    const text = one.headers['signature']!.replace(/=:$/, ':')
    await expect(verify({ ...one, headers: { ...one.headers, signature: text } })).rejects.toThrow(
      refused('malformed_header'),
    )
  })
})

test('once its package is loaded, nothing is awaited', async () => {
  const signed = sign()
  await verify(signed)
  const scheme = httpMessageSignatures()
  expect(scheme.verify(createDelivery(signed), [scheme.key('shared')], NOW)).toBe(0)
})

test('what cannot be signed or used is refused with the reason', () => {
  expect(() => httpMessageSignatures({ alg: 'rot13' as never }).key('x')).toThrow('alg must be')
  expect(() => httpMessageSignatures({ keyEncoding: 'base64' }).key('!')).toThrow('padded base64')
  expect(() => sign({ keyId: 'ü' })).toThrow('printable ASCII')
  expect(() => sign({ requiredComponents: ['x-absent'] })).toThrow('a value for x-absent')
})
