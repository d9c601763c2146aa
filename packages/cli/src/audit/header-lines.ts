import type { AuditRequest } from '@postern/testing/audit'

/** Names and values of the head, one after another, in the order and in the letters that are sent. */
export function headerLines(
  { headers, body, method, wire = {} }: AuditRequest,
  url: URL,
): string[] {
  const length = wire.length ?? body.length
  const isEmpty = length === 0 && (method === 'GET' || method === 'HEAD')
  const all: readonly (readonly [string, string])[] = [
    ['host', url.host],
    ...headers.filter(([name]) => !OURS.has(name.toLowerCase())),
    ...(wire.chunked === true
      ? [['transfer-encoding', 'chunked'] as const]
      : isEmpty
        ? []
        : [['content-length', String(length)] as const]),
  ]
  return all.flatMap(([name, value]) => [wire.capitals ? name.toUpperCase() : name, value])
}

const OURS = new Set(['host', 'content-length', 'transfer-encoding', 'connection'])
