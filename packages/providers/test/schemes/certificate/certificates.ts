import { sign, type KeyObject } from 'node:crypto'

/** The content of a certificate. */
export interface CertificateSpec {
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  /** RSA private key of the issuer. */
  readonly signedBy: KeyObject
  readonly ca?: boolean
  readonly dns?: string
  readonly issuerUrl?: string
  /** Maximum number of intermediate certificates that may follow. */
  readonly pathLength?: number
  /** First byte of the key usage. */
  readonly usage?: number
  /** DNS names that this authority may, and may not, issue certificates for. `permittedDirectory` is a common name. */
  readonly permitted?: readonly string[]
  readonly excluded?: readonly string[]
  readonly permittedDirectory?: string
  /** Adds an extension that no verifier knows. */
  readonly unknown?: 'critical' | 'optional'
  readonly from?: string
  readonly to?: string
}

/**
 * Returns an X.509 certificate (RFC 5280) as PEM. It is written byte by byte, since tests need expired, misnamed and
 * misissued certificates.
 */
export function certificate(spec: CertificateSpec): string {
  const algorithm = sequence(oid('2a864886f70d01010b'), Buffer.from('0500', 'hex'))
  const extensions = [
    extension(
      '551d13',
      sequence(
        ...(spec.ca ? [Buffer.from('0101ff', 'hex')] : []),
        ...(spec.pathLength === undefined ? [] : [tlv(0x02, Buffer.from([spec.pathLength]))]),
      ),
    ),
    ...(spec.usage === undefined
      ? []
      : [extension('551d0f', tlv(0x03, Buffer.from([1, spec.usage])))]),
    ...constraints(spec),
    ...(spec.unknown === undefined
      ? []
      : [extension('2a0304', sequence(), spec.unknown === 'critical')]),
    ...(spec.dns === undefined ? [] : [extension('551d11', sequence(tlv(0x82, spec.dns)))]),
    ...(spec.issuerUrl === undefined
      ? []
      : [
          extension(
            '2b06010505070101',
            sequence(sequence(oid('2b06010505073002'), tlv(0x86, spec.issuerUrl))),
          ),
        ]),
  ]
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    algorithm,
    name(spec.issuer),
    sequence(time(spec.from ?? '20200101000000Z'), time(spec.to ?? '20990101000000Z')),
    name(spec.subject),
    spec.publicKey.export({ format: 'der', type: 'spki' }),
    tlv(0xa3, sequence(...extensions)),
  )
  const signature = tlv(0x03, Buffer.from([0]), sign('sha256', body, spec.signedBy))
  const base64 = sequence(body, algorithm, signature).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`
}

function tlv(tag: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(0x30, ...parts)
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'))
}

function name(common: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, common))))
}

function time(text: string): Buffer {
  return tlv(0x18, text)
}

function extension(hex: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(hex), ...(critical ? [Buffer.from('0101ff', 'hex')] : []), tlv(0x04, value))
}

function constraints(spec: CertificateSpec): readonly Buffer[] {
  const { permitted = [], excluded = [], permittedDirectory } = spec
  const dns = (names: readonly string[]): Buffer[] => names.map((one) => sequence(tlv(0x82, one)))
  const directory =
    permittedDirectory === undefined ? [] : [sequence(tlv(0xa4, name(permittedDirectory)))]
  const subtrees = [
    ...(permitted.length + directory.length > 0
      ? [tlv(0xa0, ...dns(permitted), ...directory)]
      : []),
    ...(excluded.length > 0 ? [tlv(0xa1, ...dns(excluded))] : []),
  ]
  return subtrees.length > 0 ? [extension('551d1e', sequence(...subtrees), true)] : []
}
