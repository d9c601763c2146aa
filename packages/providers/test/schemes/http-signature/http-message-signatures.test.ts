import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { httpMessageSignatures } from '../../../src/schemes/http-signature/http-message-signatures.ts'
import { type HttpSignatureAlgorithm } from '../../../src/schemes/http-signature/keys.ts'
import {
  NOW,
  CREATED,
  request,
  verify,
  sign,
  signedBy,
  loose,
  rejected,
} from './http-signatures.ts'

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
    await expect(verify(signed, { alg }, other)).rejects.toThrow(rejected('signature_mismatch'))
  })

  test('a key of another kind is rejected', () => {
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
  ])('%s are rejected', async (_, list, base) => {
    const signed = signedBy(`${list};created=${CREATED}`, base)
    await expect(verify(signed, loose)).rejects.toThrow(rejected('malformed_header'))
  })

  test('a query parameter that comes twice cannot be covered', async () => {
    const signed = signedBy(
      `("@query-param";name="a");created=${CREATED}`,
      '"@query-param";name="a": 1\n',
    )
    const url = 'https://example.com/?a=1&a=2'
    await expect(verify({ ...signed, url }, loose)).rejects.toThrow(rejected('malformed_header'))
  })
})

describe('the least that must be covered', () => {
  test('a valid signature over less is rejected', async () => {
    const signed = signedBy(
      `("@method" "@authority");created=${CREATED}`,
      '"@method": POST\n"@authority": example.com\n',
    )
    expect(await verify(signed, loose)).toBe(0)
    await expect(verify(signed)).rejects.toThrow(
      expect.objectContaining({ expected: 'a signature that covers @target-uri' }),
    )
    await expect(verify(signed, { requiredComponents: ['content-digest'] })).rejects.toThrow(
      expect.objectContaining({ expected: 'a signature that covers content-digest' }),
    )
  })

  test('the target may be covered by its parts, the query among them', async () => {
    const parts = '"@method": POST\n"@authority": example.com\n"@path": /hooks/%2f\n'
    const requiredComponents = ['@method', '@target-uri']
    const without = signedBy(`("@method" "@authority" "@path");created=${CREATED}`, parts)
    await expect(verify(without, { requiredComponents })).rejects.toThrow(
      expect.objectContaining({ expected: 'a signature that covers @target-uri' }),
    )
    const all = signedBy(
      `("@method" "@authority" "@path" "@query");created=${CREATED}`,
      `${parts}"@query": ?b=2&a=1\n`,
    )
    expect(await verify(all, { requiredComponents })).toBe(0)
  })

  test('a component with a parameter does not stand for the whole', async () => {
    const signed = signedBy(`("x-dict";key="a");created=${CREATED}`, '"x-dict";key="a": 1\n')
    await expect(verify(signed, { requiredComponents: ['x-dict'] })).rejects.toThrow(
      expect.objectContaining({ expected: 'a signature that covers x-dict' }),
    )
  })
})

describe('the digest of the body', () => {
  const signed = sign()

  test('is computed again, covered or not', async () => {
    expect(await verify(signed)).toBe(0)
    await expect(verify({ ...signed, body: '{"a":"u"}' })).rejects.toThrow(
      expect.objectContaining({
        problem: 'digest_differs',
        header: 'content-digest',
        field: 'sha-256',
      }),
    )
    const uncovered = signedBy(`("@method");created=${CREATED}`, '"@method": POST\n', {
      'content-digest': 'sha-256=:AAAA:',
    })
    await expect(verify(uncovered, loose)).rejects.toThrow(
      expect.objectContaining({ problem: 'digest_differs' }),
    )
  })

  test('of an algorithm nobody should use alone is rejected', async () => {
    const old = signedBy(`("@method");created=${CREATED}`, '"@method": POST\n', {
      'content-digest': 'md5=:AAAA:, unixsum=1',
    })
    await expect(verify(old, loose)).rejects.toThrow(
      expect.objectContaining({
        problem: 'missing',
        header: 'content-digest',
        expected: 'sha-256 or sha-512',
      }),
    )
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
    await expect(verify({ ...bodiless, body: '{}' })).rejects.toThrow(
      expect.objectContaining({ expected: 'a signature that covers content-digest' }),
    )
  })
})
