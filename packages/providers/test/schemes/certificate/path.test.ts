import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { expect, test } from 'vitest'
import { extensionsOf, derElements } from '../../../src/schemes/certificate/extensions.ts'
import { pathFault } from '../../../src/schemes/certificate/path.ts'
import type { CertificateSpec } from './certificates.ts'
import { made, middleSpec, root, sns, URL_OF_LEAF } from '../sns.ts'

type Part = Partial<CertificateSpec>

/** Sends a delivery whose certificate and issuer have these additions. Returns the status. */
async function sent(leaf: Part, middle: Part): Promise<number> {
  const { send } = sns({ [URL_OF_LEAF]: made(leaf) + made({ ...middleSpec, ...middle }) })
  return send()
}

const DIGITAL_SIGNATURE = 0x80
const KEY_ENCIPHERMENT = 0x20
const KEY_CERT_SIGN = 0x04
const name = { subject: 'x', dns: 'sns.amazonaws.com' }

test.each<[string, Part, Part]>([
  ['key usages', { usage: DIGITAL_SIGNATURE }, { usage: KEY_CERT_SIGN }],
  ['a path length of none', {}, { pathLength: 0 }],
  ['a permitted domain', name, { permitted: ['amazonaws.com'] }],
  ['a permitted domain with a dot before it', name, { permitted: ['.amazonaws.com'] }],
  ['the permitted name itself', name, { permitted: ['example.com', 'sns.amazonaws.com'] }],
  ['a permitted common name', {}, { permitted: ['amazonaws.com'] }],
  ['another excluded domain', name, { excluded: ['example.com', 'zonaws.com'] }],
  ['its permitted directory name', {}, { permittedDirectory: 'sns.amazonaws.com' }],
  ['an extension that nobody needs', { unknown: 'optional' }, { unknown: 'optional' }],
])('a chain with %s is taken', async (_, leaf, middle) => {
  expect(await sent(leaf, middle)).toBe(200)
})

test.each<[string, Part, Part]>([
  ['whose key may sign nothing', { usage: KEY_ENCIPHERMENT }, {}],
  ['whose issuer may issue no certificates', {}, { usage: DIGITAL_SIGNATURE }],
  ['outside of the permitted domains', name, { permitted: ['example.com', 'zonaws.com'] }],
  ['of an excluded domain', name, { excluded: ['amazonaws.com'] }],
  [
    'of a domain both permitted and excluded',
    name,
    { permitted: ['com'], excluded: ['amazonaws.com'] },
  ],
  ['with a common name outside', {}, { permitted: ['example.com'] }],
  ['with another directory name', {}, { permittedDirectory: 'sns.example.com' }],
  ['with a critical extension of its own', { unknown: 'critical' }, {}],
  ['whose issuer has a critical extension of its own', {}, { unknown: 'critical' }],
])('a certificate %s is rejected', async (_, leaf, middle) => {
  expect(await sent(leaf, middle)).toBe(401)
})

test('path length counts the authorities between, without those of one name', () => {
  const certificate = (spec: Part): X509Certificate => new X509Certificate(made(spec))
  const ca = (subject: string, issuer: string, more: Part = {}): X509Certificate =>
    certificate({ subject, issuer, ca: true, signedBy: root.privateKey, ...more })
  const leaf = certificate({})
  const top = (pathLength: number): X509Certificate => ca('root', 'root', { pathLength })
  expect(pathFault([leaf, ca('middle', 'root'), top(1)])).toBeUndefined()
  expect(pathFault([leaf, ca('middle', 'root'), top(0)])).toBe(
    'the chain is longer than an issuer allows',
  )
  expect(pathFault([leaf, ca('middle', 'upper'), ca('upper', 'root'), top(1)])).toContain('longer')
  expect(pathFault([leaf, ca('middle', 'root'), ca('root', 'root'), top(1)])).toBeUndefined()
})

test('every authority of Node can be read, and stands for itself', () => {
  for (const pem of rootCertificates) {
    const certificate = new X509Certificate(pem)
    expect(extensionsOf(certificate).unknownCritical, certificate.subject).toBe(false)
    expect(extensionsOf(certificate).selfIssued, certificate.subject).toBe(true)
  }
})

test.each([[[0x30, 0x05, 0x00]], [[0x30, 0x80]], [[0x30, 0x84, 1, 1, 1, 1]], [[0x30]]])(
  'bytes that are no DER are an error: %j',
  (bytes) => {
    expect(() => derElements(Uint8Array.from(bytes))).toThrow(RangeError)
  },
)
