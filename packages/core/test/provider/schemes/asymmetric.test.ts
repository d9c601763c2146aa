import { constants, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createDelivery } from '../../../src/index.ts'
import { ecdsa, rsa, type Scheme, type SignableRequest } from '../../../src/provider/index.ts'
import { verdict } from './sent.ts'

const NOW = 1_760_000_000_000
const request: SignableRequest = {
  method: 'POST',
  url: 'https://example.com/hooks',
  headers: {},
  body: Buffer.from('{"a":"ü"}'),
}
const headers = { header: 'X-Signature', timestampHeader: 'X-Time' }

function pem(
  key: { export(options: { format: 'pem'; type: never }): unknown },
  type: string,
): string {
  return key.export({ format: 'pem', type: type as never }) as string
}

function pairOf(
  kind: 'P-256' | 'P-384' | 'rsa' | 'ed25519',
): Record<'secret' | 'spki' | 'pem', string> {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: kind })
  return {
    secret: pem(pair.privateKey, 'pkcs8'),
    pem: pem(pair.publicKey, 'spki'),
    spki: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  }
}

function verified<Key>(
  scheme: Scheme<Key>,
  signed: SignableRequest,
  ...secrets: string[]
): unknown {
  return scheme.verify(
    createDelivery(signed),
    secrets.map((one) => scheme.key(one)),
    NOW,
  )
}

const curve = pairOf('P-256')
const wide = pairOf('P-384')
const modulus = pairOf('rsa')
const edwards = pairOf('ed25519')

describe.each([
  ['ecdsa, DER', ecdsa(headers), curve, 'P-256'],
  ['ecdsa, raw, hex', ecdsa({ ...headers, form: 'raw', encoding: 'hex' }), curve, 'P-256'],
  ['ecdsa P-384', ecdsa({ ...headers, curve: 'P-384', form: 'raw' }), wide, 'P-384'],
  ['rsa, PKCS #1', rsa(headers), modulus, 'rsa'],
  ['rsa, PKCS #1, SHA-1', rsa({ ...headers, hash: 'sha1' }), modulus, 'rsa'],
  [
    'rsa, PSS, SHA-512',
    rsa({ ...headers, padding: 'pss', hash: 'sha512', encoding: 'base64url' }),
    modulus,
    'rsa',
  ],
] as [string, Scheme<unknown>, ReturnType<typeof pairOf>, 'P-256' | 'P-384' | 'rsa'][])(
  '%s',
  (_, scheme, pair, kind) => {
    const other = pairOf(kind)
    const signed = scheme.sign!(request, scheme.key(pair.secret), NOW)

    test('what the private key signs verifies with the public one, as PEM and as base64 of SPKI', () => {
      expect(verified(scheme, signed, pair.pem)).toBe(0)
      expect(verified(scheme, signed, pair.spki)).toBe(0)
      expect(verified(scheme, signed, other.pem, pair.pem)).toBe(1)
    })

    test('another body, another time, another key and another text of the same signature are rejected', () => {
      const changed = (lines: Record<string, string>): SignableRequest => ({
        ...signed,
        headers: { ...signed.headers, ...lines },
      })
      const mismatch = expect.objectContaining({ code: 'signature_mismatch' }) as Error
      expect(() =>
        verified(scheme, { ...signed, body: Buffer.from('{"a":"u"}') }, pair.pem),
      ).toThrow(mismatch)
      expect(() => verified(scheme, changed({ 'x-time': '1760000001' }), pair.pem)).toThrow(
        mismatch,
      )
      expect(() => verified(scheme, signed, other.pem)).toThrow(mismatch)
      expect(() => verified(scheme, changed({ 'x-signature': 'AA==' }), pair.pem)).toThrow(mismatch)
      const text = signed.headers['x-signature']!
      for (const same of [`${text}=`, text.replace(/=+$/, '') + '====', text.toUpperCase()])
        if (same !== text)
          expect(() => verified(scheme, changed({ 'x-signature': same }), pair.pem)).toThrow(
            mismatch,
          )
    })

    test('a key of another kind is rejected with what was expected', () => {
      for (const wrong of [
        edwards.pem,
        pair === modulus ? curve.pem : modulus.pem,
        // The attributes that `openssl pkcs12` writes before a key.
        `Bag Attributes\n${pair.secret}`,
        'nonsense',
        'AAAA',
      ])
        expect(() => scheme.key(wrong)).toThrow(/^the key must be an (?:ECDSA|RSA) key/)
    })

    test('a public key cannot sign', () => {
      expect(() => scheme.sign!(request, scheme.key(pair.pem), NOW)).toThrow(
        'public key cannot sign',
      )
    })
  },
)

test('a signature in the other form is rejected: DER is not raw', () => {
  const raw = ecdsa({ ...headers, form: 'raw' })
  const der = ecdsa(headers)
  const signed = raw.sign!(request, raw.key(curve.secret), NOW)
  expect(() => verified(der, signed, curve.pem)).toThrow(
    expect.objectContaining({ problem: 'differs' }),
  )
})

test('an RSA key that is too short is rejected', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 512 })
  expect(() => rsa(headers).key(pem(publicKey, 'spki'))).toThrow('at least 1024 bits')
})

test('a key of type RSASSA-PSS signs with that padding; where it cannot be read, the error says what to give', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  const pss = rsa({ ...headers, padding: 'pss', hash: 'sha512' })
  const signed = pss.sign!(request, pss.key(pem(privateKey, 'pkcs8')), NOW)
  expect(verified(pss, signed, pem(publicKey, 'spki'))).toBe(0)
  expect(() => rsa(headers).key(pem(publicKey, 'spki'))).toThrow('got rsa-pss')
  // No runtime reads a key without its last byte.
  const cut = publicKey.export({ format: 'der', type: 'spki' }).subarray(0, -1).toString('base64')
  expect(() => pss.key(cut)).toThrow('the same key with the type rsaEncryption')
})

describe('what is signed agrees with node:crypto', () => {
  const body = Buffer.from(request.body)
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const big = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }
  type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  const given = (text: string): SignableRequest => ({ ...request, headers: { 'x-sig': text } })

  test.each<[string, () => ReturnType<typeof rsa>, Pair, string, object, ('base64' | 'hex')?]>([
    ['ECDSA', () => ecdsa({ header: 'x-sig' }), ec, 'sha256', {}],
    [
      'ECDSA, raw, another hash',
      () => ecdsa({ header: 'x-sig', hash: 'sha512', form: 'raw' }),
      ec,
      'sha512',
      { dsaEncoding: 'ieee-p1363' },
    ],
    ['RSA', () => rsa({ header: 'x-sig' }), big, 'sha256', {}],
    ['RSA, hex', () => rsa({ header: 'x-sig', encoding: 'hex' }), big, 'sha256', {}, 'hex'],
    ['RSA, PSS', () => rsa({ header: 'x-sig', padding: 'pss' }), big, 'sha256', pss],
    ['RSA, PSS', () => rsa({ header: 'x-sig', padding: 'pss', hash: 'sha1' }), big, 'sha1', pss],
  ])(
    '%s, over the body alone',
    (_, make, { publicKey, privateKey }, hash, how, coding = 'base64') => {
      const scheme = make()
      const signed = scheme.sign!(request, scheme.key(pem(privateKey, 'pkcs8')), NOW)
      expect(Object.keys(signed.headers)).toEqual(['x-sig'])
      const ours = Buffer.from(signed.headers['x-sig']!, coding)
      expect(verify(hash, body, { key: publicKey, ...how }, ours)).toBe(true)
      const theirs = sign(hash, body, { key: privateKey, ...how }).toString(coding)
      expect(verified(scheme, given(theirs), pem(publicKey, 'spki'))).toBe(0)
      if (coding === 'hex')
        expect(() => verified(scheme, given(theirs.toUpperCase()), pem(publicKey, 'spki'))).toThrow(
          expect.objectContaining({ problem: 'differs' }),
        )
    },
  )

  test('another padding, and PSS with another length of salt, are rejected', () => {
    const scheme = rsa({ header: 'x-sig', padding: 'pss' })
    const salted = sign('sha256', body, { key: big.privateKey, ...pss, saltLength: 0 })
    for (const other of [sign('sha256', body, big.privateKey), salted, Buffer.alloc(1)])
      expect(verdict(scheme, pem(big.publicKey, 'spki'), given(other.toString('base64')))).toBe(
        'signature_mismatch',
      )
  })

  test('a message may be a string', () => {
    const scheme = rsa({ header: 'x-sig', message: () => 'ü' })
    const theirs = sign('sha256', Buffer.from('ü'), big.privateKey).toString('base64')
    expect(verified(scheme, given(theirs), pem(big.publicKey, 'spki'))).toBe(0)
  })

  test('one of several signatures suffices', () => {
    const options = {
      header: 'x-sig',
      read: (delivery: { header(name: string): string | undefined }) => ({
        signatures: delivery.header('x-sig')!.split(' '),
      }),
    }
    for (const [scheme, pair] of [
      [ecdsa(options), ec],
      [rsa(options), big],
    ] as const) {
      const right = sign('sha256', body, pair.privateKey).toString('base64')
      expect(verified(scheme, given(`AAAA ${right}`), pem(pair.publicKey, 'spki'))).toBe(0)
    }
  })
})

describe('a key is read', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const half = spki.length / 2
  const lines = (end: string): string => spki.slice(0, half) + end + spki.slice(half)
  const scheme = rsa(headers)
  const signed = scheme.sign!(request, scheme.key(pem(privateKey, 'pkcs8')), NOW)

  test.each<[string, string]>([
    ['with blanks around its armour', `\n  ${pem(publicKey, 'spki')}  \n`],
    ['with blanks around its base64', ` ${spki}\n`],
    ['in lines', lines('\n')],
    ['in lines of Windows', lines('\r\n')],
    ['with empty lines', lines('\n\n')],
    ['in indented lines', lines('\n \t')],
  ])('%s', (_, secret) => {
    expect(verified(scheme, signed, secret)).toBe(0)
  })

  test.each(['pkcs8', 'pkcs1'])('to sign, as PEM of %s', (type) => {
    const again = scheme.sign!(request, scheme.key(pem(privateKey, type)), NOW)
    expect(again.headers).toEqual(signed.headers)
  })

  test.each<[string, string]>([
    ['a blank inside a line', lines(' ')],
    ['a text before its armour', `key: ${pem(publicKey, 'spki')}`],
    ['a text before its private armour', `key: ${pem(privateKey, 'pkcs8')}`],
  ])('only as a whole: not with %s', (_, secret) => {
    expect(() => scheme.key(secret)).toThrow(/^the key must be an RSA key/)
  })
})

describe('the error about a key says what came', () => {
  test('an ECDSA key on another curve', () => {
    expect(() => ecdsa(headers).key(wide.pem)).toThrow(/, got ec on secp384r1$/)
    expect(() => ecdsa({ ...headers, curve: 'P-384' }).key(curve.secret)).toThrow(
      /on curve P-384, .*, got ec on prime256v1$/,
    )
    expect(() => ecdsa(headers).key(modulus.pem)).toThrow(/, got rsa$/)
  })

  test('a DSA key, where RSASSA-PSS would take its own type too', () => {
    const { publicKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })
    expect(() => rsa({ ...headers, padding: 'pss' }).key(pem(publicKey, 'spki'))).toThrow(
      /, got dsa 1024$/,
    )
  })

  test.each(['public', 'private'] as const)(
    'a %s key of type RSASSA-PSS that cannot be read',
    (half) => {
      const pair = generateKeyPairSync('rsa-pss', { modulusLength: 1024 })
      const der =
        half === 'public'
          ? pair.publicKey.export({ format: 'der', type: 'spki' })
          : pair.privateKey.export({ format: 'der', type: 'pkcs8' })
      const name = `${half.toUpperCase()} KEY-----`
      const cut = der.subarray(0, -1).toString('base64')
      expect(() => rsa(headers).key(`-----BEGIN ${name}\n${cut}\n-----END ${name}`)).toThrow(
        'the same key with the type rsaEncryption',
      )
      expect(() => rsa(headers).key('AAAA')).toThrow(/SPKI form$/)
    },
  )
})
