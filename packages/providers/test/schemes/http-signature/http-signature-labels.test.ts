import { createDelivery } from '@postern/core'
import { describe, expect, test } from 'vitest'
import { httpMessageSignatures } from '../../../src/schemes/http-signature/http-message-signatures.ts'
import { NOW, CREATED, verify, sign, signedBy, loose, rejected } from './http-signatures.ts'

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
    else await expect(verdict).rejects.toThrow(rejected(code))
  })

  test('keyid and tag count where the options name them', async () => {
    const signed = sign({ keyId: 'a "key"', tag: 'acme' })
    expect(await verify(signed, { keyId: 'a "key"', tag: 'acme' })).toBe(0)
    await expect(verify(signed, { keyId: 'b' })).rejects.toThrow(rejected('signature_mismatch'))
    await expect(verify(signed, { tag: 'other' })).rejects.toThrow(
      expect.objectContaining({ expected: 'a signature with the tag other' }),
    )
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
    await expect(verify(both)).rejects.toThrow(
      expect.objectContaining({ problem: 'several', header: 'signature-input' }),
    )
    await expect(verify(both, { label: 'c' })).rejects.toThrow(
      expect.objectContaining({ expected: 'a list of components under the label c' }),
    )
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

  test('a label that comes twice is rejected', async () => {
    const twice = (name: string) => `${one.headers[name]}, ${one.headers[name]}`
    for (const name of ['signature-input', 'signature'])
      await expect(
        verify({ ...one, headers: { ...one.headers, [name]: twice(name) } }),
      ).rejects.toThrow(expect.objectContaining({ expected: 'a dictionary of distinct labels' }))
  })

  test.each(['signature', 'signature-input'])(
    'a missing or unreadable %s is rejected',
    async (name) => {
      const { [name]: _, ...rest } = one.headers
      await expect(verify({ ...one, headers: rest })).rejects.toThrow(rejected('missing_header'))
      for (const value of ['a=(', 'a', 'a=1', 'a=:!!:', '%', 'a=:AAAA'])
        await expect(verify({ ...one, headers: { ...rest, [name]: value } })).rejects.toThrow(
          rejected('malformed_header'),
        )
    },
  )

  test('another text of the same bytes is rejected', async () => {
    const text = one.headers['signature']!.replace(/=:$/, ':')
    await expect(verify({ ...one, headers: { ...one.headers, signature: text } })).rejects.toThrow(
      rejected('malformed_header'),
    )
  })
})

test('once its package is loaded, nothing is awaited', async () => {
  const signed = sign()
  await verify(signed)
  const scheme = httpMessageSignatures()
  expect(scheme.verify(createDelivery(signed), [scheme.key('shared')], NOW)).toBe(0)
})

test('what cannot be signed or used is rejected with the reason', () => {
  expect(() => httpMessageSignatures({ alg: 'rot13' as never }).key('x')).toThrow('alg must be')
  expect(() => httpMessageSignatures({ keyEncoding: 'base64' }).key('!')).toThrow('padded base64')
  expect(() => sign({ keyId: 'ü' })).toThrow(/^keyId .*got ü/)
  expect(() => sign({ tag: 'ü' })).toThrow(/^tag .*got ü/)
  expect(() => sign({ requiredComponents: ['x-absent'] })).toThrow('a value for x-absent')
})
