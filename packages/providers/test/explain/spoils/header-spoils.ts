import { createHmac } from 'node:crypto'
import type { FindingCause } from '@postern/core/explain'
import { signatureHeader, type Sealed } from '../sealed.ts'
import { text, withHeaders, type Spoil } from './spoil.ts'

/** Spoils that change headers, signatures or clocks. */
export const HEADERS: readonly Spoil[] = [
  {
    name: 'header gone',
    cause: 'header-missing',
    loses: true,
    apply(from, sealed) {
      const { [signatureHeader(sealed)]: gone, ...headers } = from.request.headers
      return gone === undefined ? undefined : withHeaders(from, headers)
    },
  },
  renamed('header renamed', (name) => `x-original-${name}`),
  {
    name: 'all headers renamed',
    cause: 'header-renamed',
    apply(from, sealed) {
      if (signatureHeader(sealed) === '') return undefined
      const headers = Object.entries(from.request.headers).map(
        ([name, value]) => [name.replaceAll('-', '_'), value] as const,
      )
      return withHeaders(from, Object.fromEntries(headers))
    },
  },
  renamed('headers of CGI', (name) => `http_${name.replaceAll('-', '_')}`),
  header('quotes around', 'signature-encoding', (value) => `"${value}"`),
  header('escapes of a URL', 'signature-encoding', (value) =>
    encodeURIComponent(value) === value ? undefined : encodeURIComponent(value),
  ),
  header('plus as a blank', 'signature-encoding', (value) =>
    value.includes('+') ? value.replaceAll('+', ' ') : undefined,
  ),
  header('header twice', 'header-joined', (value) => `${value}, ${value}`),
  header('upper case', 'signature-encoding', (value) =>
    HEX.test(value) ? value.replace(HEX, (hex) => hex.toUpperCase()) : undefined,
  ),
  header('base64 for hex', 'signature-encoding', (value) =>
    HEX.test(value)
      ? value.replace(HEX, (hex) => Buffer.from(hex, 'hex').toString('base64'))
      : undefined,
  ),
  header('hex for base64', 'signature-encoding', (value) =>
    HEX.test(value)
      ? undefined
      : value.replace(BASE64, (one) => Buffer.from(one, 'base64').toString('hex')),
  ),
  header('padding lost', 'signature-encoding', (value) =>
    HEX.test(value) ? undefined : value.replace(/=+$/, ''),
  ),
  header('prefix lost', 'signature-prefix', (value) =>
    value.replace(/(?:sha256=|v0=|v1=|v1,)(?=[\w+/])/, ''),
  ),
  header('prefix added', 'signature-prefix', (value) =>
    /=[\da-f]{40}|,/.test(value) ? undefined : `sha256=${value}`,
  ),
  {
    name: 'SHA-512',
    cause: 'signature-algorithm',
    apply(from, sealed) {
      const name = signatureHeader(sealed)
      const value = sealed.request.headers[name]
      // If another spoil has already changed the signature, this one does not apply.
      if (value !== from.request.headers[name] || from.resigned) return undefined
      const stamp = sealed.request.headers['x-zm-request-timestamp']
      const content = text(sealed.request.body)
      const message = stamp === undefined ? content : `v0:${stamp}:${content}`
      const digest = (algorithm: string, encoding: 'hex' | 'base64') =>
        createHmac(algorithm, sealed.secret).update(message).digest(encoding)
      for (const encoding of ['hex', 'base64'] as const) {
        const mac = digest('sha256', encoding)
        if (!value?.includes(mac)) continue
        const made = value.replace(mac, digest('sha512', encoding))
        return withHeaders(from, { ...from.request.headers, [name]: made })
      }
      return undefined
    },
  },
  skewed('an hour late', 'stale', 3_600_000),
  skewed('an hour early', 'clock-skew', -3_600_000),
  {
    name: 'other unit',
    cause: 'clock-unit',
    apply(from) {
      const found = Object.entries(from.request.headers).find(([, value]) =>
        /(?<!\d)1\d{9}(\d{3})?(?!\d)/.test(value),
      )
      if (!found) return undefined
      const value = found[1].replace(
        /(?<!\d)(1\d{9})(\d{3})?(?!\d)/,
        (_all, seconds: string, rest?: string) => (rest === undefined ? `${seconds}250` : seconds),
      )
      return withHeaders(from, { ...from.request.headers, [found[0]]: value })
    },
  },
]

const HEX = /[\da-f]{40,}/
const BASE64 = /[A-Za-z\d+/]{26,}={0,2}$/

function renamed(name: string, other: (header: string) => string): Spoil {
  return {
    name,
    cause: 'header-renamed',
    apply(from, sealed) {
      const header = signatureHeader(sealed)
      const { [header]: value, ...headers } = from.request.headers
      return value === undefined
        ? undefined
        : withHeaders(from, { ...headers, [other(header)]: value })
    },
  }
}

function skewed(name: string, cause: FindingCause, by: number): Spoil {
  return {
    name,
    cause,
    apply: (from, { provider }) =>
      provider().covers.timestamp ? { ...from, now: from.now + by } : undefined,
  }
}

function header(
  name: string,
  cause: FindingCause,
  change: (value: string, sealed: Sealed) => string | undefined,
): Spoil {
  return {
    name,
    cause,
    apply(from, sealed) {
      const at = signatureHeader(sealed)
      // A token has no encoding, so its encoding cannot be wrong.
      if (sealed.provider().covers.body === 'none') return undefined
      const value = from.request.headers[at]
      const changed = value === undefined ? undefined : change(value, sealed)
      if (changed === undefined || changed === value) return undefined
      return withHeaders(from, { ...from.request.headers, [at]: changed })
    },
  }
}
