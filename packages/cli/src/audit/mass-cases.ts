import { gzipSync } from 'node:zlib'
import type { AuditCase, AuditRequest, AuditSender, WireForm } from '@postern/testing/audit'

const MIB = 1024 * 1024

let bomb: Buffer | undefined

/** Unsigned requests that cost much to read. */
export function massCases(sender: AuditSender): readonly AuditCase[] {
  const largest = sender.facts.largest ?? 0
  const size = largest >= 25 * MIB ? 64 * MIB : 25 * MIB
  const mass = (
    id: string,
    what: string,
    request: () => AuditRequest,
    remedy: AuditCase['remedy'],
  ): AuditCase => ({
    id: `spoilt/${id}`,
    class: 'spoilt',
    severity: 'high',
    what,
    sends: () => [[request()]],
    expects: { reply: 'rejected', effects: 0 },
    why: "It costs a stranger little, but it can use up the receiver's memory.",
    remedy,
    heavy: true,
  })
  return [
    mass(
      'many-headers',
      'an unsigned delivery with 2,000 headers',
      () => {
        const request = unsigned(sender)
        const more = Array.from({ length: 2000 }, (_, at) => [`x-audit-${at}`, 'a'] as const)
        return { ...request, headers: [...request.headers, ...more] }
      },
      'body-limit',
    ),
    mass(
      'gzip-bomb',
      'an unsigned body of 50 KB that unpacks to 50 MB',
      () => {
        bomb ??= gzipSync(Buffer.alloc(50 * 1000 * 1000))
        const request = unsigned(sender)
        return {
          ...request,
          headers: [...request.headers, ['content-encoding', 'gzip'] as const],
          body: bomb,
        }
      },
      'body-limit',
    ),
    mass(
      'huge-body',
      `an unsigned body of ${size / MIB} MiB`,
      () => withWire(unsigned(sender), { length: size }),
      'body-limit',
    ),
  ]
}

/** The request in another form on the wire. */
export function withWire(request: AuditRequest, wire: WireForm): AuditRequest {
  return { ...request, wire }
}

/** A delivery without its signature. */
export function unsigned(sender: AuditSender): AuditRequest {
  const request = sender.sign()
  const { place } = sender.facts
  const name = place && 'header' in place ? place.header.toLowerCase() : undefined
  const headers = request.headers.filter(([one]) => one.toLowerCase() !== name)
  if (!place || !('query' in place)) return { ...request, headers }
  const url = new URL(request.url)
  url.searchParams.delete(place.query)
  return { ...request, url: url.href }
}
