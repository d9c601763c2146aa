import { constants, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signPss, verifyPss } from '../../../src/provider/schemes/rsa-pss.ts'

const message = Buffer.from('{"a":"ü"}')
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const padding = constants.RSA_PKCS1_PSS_PADDING

describe.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('%s', (hash) => {
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST

  test('agrees with sign() and verify() of node:crypto', () => {
    const ours = signPss(hash, message, privateKey)
    const theirs = sign(hash, message, { key: privateKey, padding, saltLength })
    expect(verify(hash, message, { key: publicKey, padding, saltLength }, ours)).toBe(true)
    expect(verifyPss(hash, message, publicKey, theirs)).toBe(true)
  })

  test('another padding and another length of salt are rejected', () => {
    const salted = sign(hash, message, { key: privateKey, padding, saltLength: 0 })
    for (const other of [sign(hash, message, privateKey), salted, new Uint8Array(1)])
      expect(verifyPss(hash, message, publicKey, other)).toBe(false)
  })
})
