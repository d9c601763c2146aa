import { constants, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { rsaAlgorithm } from '../../../src/provider/schemes/rsa.ts'

const message = Buffer.from('{"a":"ü"}')
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const padding = constants.RSA_PKCS1_PSS_PADDING
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

describe.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('%s', (hash) => {
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  const pss = rsaAlgorithm({ padding: 'pss', hash })
  const key = pss.key(pem)

  test('agrees with sign() and verify() of node:crypto', () => {
    const ours = Buffer.from(pss.sign!(key, message), 'base64')
    const theirs = sign(hash, message, { key: privateKey, padding, saltLength })
    expect(verify(hash, message, { key: publicKey, padding, saltLength }, ours)).toBe(true)
    expect(pss.matches(key, message, [theirs.toString('base64')])).toBe(true)
  })

  test('another padding and another length of salt are rejected', () => {
    const salted = sign(hash, message, { key: privateKey, padding, saltLength: 0 })
    for (const other of [sign(hash, message, privateKey), salted, Buffer.alloc(1)])
      expect(pss.matches(key, message, [other.toString('base64')])).toBe(false)
  })
})
