import { gzipSync } from 'node:zlib'
import type { Provider } from '@postern/core/scheme'
import { REJECTED, withHeaders, type HostileCase, type Wire } from '../case.ts'
import { caseOf, type Genuine } from '../genuine.ts'

/**
 * @public Bodies that are expensive to parse. The argument is the approximate size in bytes. The benchmark uses larger
 * ones.
 */
export const BOMBS: Readonly<Record<string, (bytes: number) => Uint8Array>> = {
  'JSON of empty objects': (bytes) => Buffer.from(`[${'{},'.repeat(bytes / 3)}{}]`),
  'JSON of brackets': (bytes) => Buffer.from('['.repeat(bytes)),
  'JSON of names': (bytes) => Buffer.from(`{${many(bytes / 14, (at) => `"k${at}":${at}`)}}`),
  'JSON of escapes': (bytes) => Buffer.from(`{"a":"${'\\u0041'.repeat(bytes / 6)}"}`),
  'JSON of one number': (bytes) => Buffer.from(`{"a":${'9'.repeat(bytes)}}`),
  'XML of elements': (bytes) => Buffer.from(`<a>${'<b/>'.repeat(bytes / 4)}</a>`),
  'XML of depth': (bytes) => Buffer.from('<a>'.repeat(bytes / 3)),
  'XML of attributes': (bytes) => Buffer.from(`<a ${many(bytes / 9, (at) => `b${at}=""`, ' ')}/>`),
  'XML of references': (bytes) => Buffer.from(`<a>${'&amp;'.repeat(bytes / 5)}</a>`),
  'a form of fields': (bytes) => Buffer.from('a&'.repeat(bytes / 2)),
  'a form of escapes': (bytes) => Buffer.from(`a=${'%41'.repeat(bytes / 3)}`),
  'a form of plus signs': (bytes) => Buffer.from(`payload=${'+'.repeat(bytes)}`),
  'multipart of parts': (bytes) =>
    Buffer.from(
      `${'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.repeat(bytes / 55)}--X--`,
    ),
  'multipart of dashes': (bytes) => Buffer.from(`--X\r\n${'\r\n--'.repeat(bytes / 4)}`),
  // Just below the limits for parsing before verification.
  'JSON of as many values as may be': (bytes) =>
    Buffer.from(`[${'{"a":[]},'.repeat(1200)}"${'\\n'.repeat(bytes / 2)}"]`),
  'XML of as many elements as may be': (bytes) =>
    Buffer.from(`<xml>${'<b c=""/>'.repeat(2400)}${'&amp;'.repeat(bytes / 6)}</xml>`),
  'a form of as many fields as may be': (bytes) =>
    Buffer.from(many(999, (at) => `f${at}=${'%41'.repeat(bytes / 3000)}`, '&')),
  'multipart of as many parts as may be': (bytes) =>
    Buffer.from(
      `${`--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'-'.repeat(bytes / 100)}\r\n`.repeat(99)}--X--`,
    ),
  'gzip of nothing': (bytes) => gzipSync(Buffer.alloc(bytes * 200)),
  spaces: (bytes) => Buffer.alloc(bytes, 0x20),
  zeros: (bytes) => Buffer.alloc(bytes),
}

const BODIES = Object.entries(BOMBS).map(([what, make]) => [what, make(65_536)] as const)

/** A body without a valid signature is rejected before it is parsed. */
export function bombs(genuine: Genuine): readonly HostileCase[] {
  const provider = genuine.provider()
  if (provider.unauthenticated) return []
  return BODIES.map(([what, body]) => {
    const wire = { ...unproven(genuine.wire, provider), body }
    return caseOf(genuine, 'bomb', what, { wire, status: REJECTED })
  })
}

/**
 * @public Returns the request without credentials that do not cover the body, because an attacker does not have them.
 */
export function unproven(wire: Wire, { covers }: Provider): Wire {
  if (covers.body !== 'none') return wire
  const [url = ''] = wire.url.split('?', 1)
  const gone = wire.headers
    .map(([name]) => name)
    .filter((name) => !/^(?:content-type|host)$/i.test(name))
  return withHeaders({ ...wire, url }, Object.fromEntries(gone.map((name) => [name, undefined])))
}

function many(count: number, make: (at: number) => string, separator = ','): string {
  return Array.from({ length: Math.floor(count) }, (_, at) => make(at)).join(separator)
}
