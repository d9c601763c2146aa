import { gzipSync } from 'node:zlib'
import type { Cause } from '@postern/core/explain'
import { spaced } from './sealed.ts'
import { bytes, text, type Spoil } from './spoil.ts'

/** What happens to bodies. */
export const BODIES: readonly Spoil[] = [
  json('one line', (value) => JSON.stringify(value)),
  json('indent of two', (value) => JSON.stringify(value, null, 2)),
  json('indent of four', (value) => JSON.stringify(value, null, 4)),
  json('tabs', (value) => JSON.stringify(value, null, '\t')),
  json('python', (value) => spaced(JSON.stringify(value))),
  json('slashes', (_value, from) =>
    from.includes('\\/') ? from.replaceAll('\\/', '/') : from.replaceAll('/', '\\/'),
  ),
  json('html', (_value, from) =>
    from.replaceAll('<', '\\u003C').replaceAll('>', '\\u003E').replaceAll('&', '\\u0026'),
  ),
  json('sorted keys', (value) => JSON.stringify(sorted(value)), true),
  body('newline added', 'body-trailing-newline', (from) => `${from}\n`),
  body('CR LF added', 'body-trailing-newline', (from) => `${from}\r\n`),
  body('trimmed', 'body-trimmed', (from) => (from.trim() === from ? undefined : from.trim())),
  body('CR LF inside', 'body-crlf', (from) =>
    /\n./.test(from) ? from.replaceAll('\n', '\r\n') : undefined,
  ),
  body('mark', 'body-bom', (from) => `\uFEFF${from}`),
  body('Latin-1 read', 'body-charset', (from) =>
    /[^\0-\x7F]/.test(from) ? Buffer.from(from).toString('latin1') : undefined,
  ),
  body('Latin-1 written', 'body-charset', (from) =>
    /[^\0-\x7F]/.test(from) ? Buffer.from(from, 'latin1') : undefined,
  ),
  body(
    'replaced characters',
    'body-charset',
    (from) => (/[^\0-\x7F]/.test(from) ? from.replaceAll(/[^\0-\x7F]/g, '\uFFFD') : undefined),
    true,
  ),
  body(
    'truncated',
    'body-truncated',
    (from) => (from.startsWith('{') ? from.slice(0, from.length / 2) : undefined),
    true,
  ),
  body('empty', 'body-empty', () => '', true),
  body('base64', 'gateway-in-front', (_from, raw) => Buffer.from(raw).toString('base64')),
  body('API gateway', 'gateway-in-front', (from) =>
    JSON.stringify({
      version: '2.0',
      headers: { 'x-other': '1' },
      body: from,
      isBase64Encoded: false,
    }),
  ),
  body('API gateway, base64', 'gateway-in-front', (_from, raw) =>
    JSON.stringify({ body: Buffer.from(raw).toString('base64'), isBase64Encoded: true }),
  ),
  body('compressed', 'body-decompressed', (_from, raw) => gzipSync(raw)),
]

function body(
  name: string,
  cause: Cause,
  change: (from: string, bytes: Uint8Array) => string | Uint8Array | undefined,
  loses = false,
): Spoil {
  return {
    name,
    cause,
    loses,
    apply(from) {
      const changed = change(text(from.request.body), from.request.body)
      if (changed === undefined) return undefined
      const made = typeof changed === 'string' ? bytes(changed) : Uint8Array.from(changed)
      return { ...from, request: { ...from.request, body: made } }
    },
  }
}

function json(
  name: string,
  change: (value: unknown, from: string) => string,
  loses = false,
): Spoil {
  return body(
    name,
    'body-reserialized',
    (from) => {
      try {
        const changed = change(JSON.parse(from), from)
        return changed === from.trim() ? undefined : changed
      } catch {
        return undefined
      }
    },
    loses,
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
