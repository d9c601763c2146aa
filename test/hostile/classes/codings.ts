import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { REJECTED, withHeaders, type HostileCase, type Wire } from '../case.ts'
import { caseOf, type Genuine } from '../genuine.ts'

const CODINGS: Readonly<Record<string, (body: Uint8Array) => Uint8Array>> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  'Deflate ': deflateRawSync,
  br: brotliCompressSync,
  'gzip, gzip': (body) => gzipSync(gzipSync(body)),
  zstd: (body) => body,
  aes128gcm: (body) => body,
}

/** Only the content encodings that the provider declares are decompressed. */
export function codings(genuine: Genuine): readonly HostileCase[] {
  const { codings: declared = {}, covers, formats = ['json'] } = genuine.provider()
  const cases: HostileCase[] = []
  const add = (what: string, wire: Wire, coded: boolean): void => {
    const step = { wire, status: coded ? [415] : REJECTED, ...(coded && { code: CODE }) }
    cases.push(caseOf(genuine, 'coding', what, step))
  }
  for (const [coding, encode] of Object.entries(CODINGS)) {
    if ('gzip' in declared && coding.includes('gzip') && !coding.includes(',')) continue
    const labelled = withHeaders(genuine.wire, { 'content-encoding': coding })
    add(`labelled ${coding}`, labelled, true)
    add(`as ${coding}`, { ...labelled, body: encode(genuine.wire.body) }, true)
  }
  const whole = covers.body !== 'none' || !formats.includes('bytes')
  if (whole && !('gzip' in declared))
    add('gzip without a label', { ...genuine.wire, body: gzipSync(genuine.wire.body) }, false)
  return cases
}

const CODE = ['unsupported_encoding']
