import { createHash } from 'node:crypto'
import { createDelivery, WebhookError, type Delivery } from '@postern/core'
import {
  checkSecret,
  hmacAlgorithm,
  malformed,
  mismatch,
  safeEqual,
  singleHeader,
} from '@postern/core/internal'
import type { Scheme } from '@postern/core/scheme'
import { FORM_TYPE } from '../common/units.ts'
import { checkPublicUrl } from './public-url.ts'
import { parse, stringify } from 'node:querystring'

/** Options of Twilio's scheme, except the Auth Token. */
export interface TwilioSchemeOptions {
  /**
   * The URL that you gave to Twilio. If a proxy changes scheme, host or path, set this option. If the URL differs
   * between deliveries, give a function. Twilio may extend the query, so the query comes from the request. @default the
   * URL of the request
   */
  readonly publicUrl?: string | ((delivery: Delivery) => string)
  /** Keys of webhook rules (SharedKey, HMAC-SHA256), by the id of the key. @default none */
  readonly sharedKeys?: Readonly<Record<string, string>>
}

const HEADER = 'x-twilio-signature'
const SETTINGS = 'x-twilio-webhooks-signature-settings'
const sha1 = hmacAlgorithm({ algorithm: 'sha1', encoding: 'base64' })
const sha256 = hmacAlgorithm({ algorithm: 'sha256', encoding: 'base64' })
// Result of `verify` for a shared key. Other results are the index of a secret, which decides the tenant. A shared key
// has no tenant.
const SHARED = -1

/**
 * Creates the scheme. A signature covers the public URL and the form. For other bodies, the URL's query has a digest of
 * the body.
 */
export function twilioScheme(options: TwilioSchemeOptions): Scheme<Uint8Array> {
  const shared = new Map<string, Uint8Array>()
  for (const [id, key] of Object.entries(options.sharedKeys ?? {})) {
    checkSecret(`twilio: sharedKeys.${id}`, key)
    shared.set(id, sha256.key(key))
  }
  checkPublicUrl('twilio', options)

  return {
    covers: { body: 'fields', url: true },
    needs: [HEADER],
    reads: [SETTINGS],
    key: (secret) => sha1.key(secret),
    verify(delivery, keys) {
      const signature = singleHeader(delivery, HEADER)
      if (/[\s,]/.test(signature))
        throw new WebhookError('malformed_header', {
          problem: 'several',
          header: HEADER,
          expected: 'one signature',
        })
      const rule = readSettings(delivery)
      const urls = publicUrls(delivery, options.publicUrl)
      const tail = signedForm(delivery)
      const signed = (algorithm: typeof sha1, key: Uint8Array): boolean => {
        if (tail === undefined) return false
        for (const url of spellings(urls))
          if (algorithm.matches(key, url + tail, [signature])) return true
        return false
      }
      let at = SHARED
      if (rule === undefined) at = keys.findIndex((key) => signed(sha1, key))
      const sharedKey = rule === undefined ? undefined : shared.get(rule)
      const found =
        rule === undefined ? at >= 0 : sharedKey !== undefined && signed(sha256, sharedKey)
      if (!found || !bodyIsSigned(delivery, urls))
        throw mismatch({ header: HEADER }, keys.length + shared.size, { delivery, url: urls[0] })
      return at
    },
    sign(request, key) {
      const url = new URL(request.url)
      const isForm =
        request.headers['content-type']?.startsWith(FORM_TYPE) &&
        areFields(new URLSearchParams(new TextDecoder().decode(request.body)))
      if (!isForm && request.body.length > 0 && !url.searchParams.has(DIGEST))
        url.searchParams.set(DIGEST, digest(request.body))
      const delivery = createDelivery({ ...request, url: url.href }, undefined, {
        formats: ['form', 'json', 'query'],
        format: twilioFormat,
      })
      const [target] = publicUrls(delivery, options.publicUrl)
      const signature = sha1.sign!(key, new URL(target!).href + (signedForm(delivery) ?? ''))
      return { ...request, url: url.href, headers: { ...request.headers, [HEADER]: signature } }
    },
  }
}

function readSettings(delivery: Delivery): string | undefined {
  if (delivery.header(SETTINGS) === undefined) return undefined
  const settings = new Map(
    singleHeader(delivery, SETTINGS)
      .split(',')
      .map((item) => item.trim().split('=', 2) as [string, string]),
  )
  const key = settings.get('key')
  if (settings.get('algorithm') !== 'HMAC_SHA256' || !key)
    throw malformed({ header: SETTINGS }, 'key=<id>,algorithm=HMAC_SHA256')
  return key
}

// Query parameter with the digest of a body that is not a form. The URL is signed, so the digest protects the body.
const DIGEST = 'bodySHA256'
// Allowed names of form fields. Names and values are signed without separators. With other characters in a name, an
// attacker could move the border between name and value.
const NAME = /^[A-Za-z_][\w.[\]-]{0,127}$/

/** Returns the format of a delivery. Method and Content-Type do not decide the format, because they are not signed. */
export function twilioFormat(delivery: Delivery): 'json' | 'form' | 'query' {
  if (delivery.query().has(DIGEST)) return 'json'
  return delivery.body.length > 0 ? 'form' : 'query'
}

function areFields(form: URLSearchParams): boolean {
  const names = [...form.keys()]
  return names.length > 0 && names.every((name) => NAME.test(name))
}

// Returns the signed text of a form: names with their values, sorted, without separators. Equal pairs are included
// once. Returns undefined if a name is not allowed.
function signedForm(delivery: Delivery): string | undefined {
  if (twilioFormat(delivery) !== 'form') return ''
  if (!areFields(delivery.form())) return undefined
  const fields = [...delivery.form()].toSorted(
    ([a, one], [b, other]) => byCodeUnit(a, b) || byCodeUnit(one, other),
  )
  return fields
    .filter(([name, value], at) => name !== fields[at - 1]?.[0] || value !== fields[at - 1]?.[1])
    .map(([name, value]) => name + value)
    .join('')
}

// Twilio's documentation calls the order case-sensitive, so locales must not affect the order.
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function bodyIsSigned(delivery: Delivery, urls: readonly string[]): boolean {
  if (twilioFormat(delivery) !== 'json') return true
  const digests = new URLSearchParams(split(urls[0]!)[1]).getAll(DIGEST)
  return digests.length === 1 && safeEqual(digests[0]!, digest(delivery.body))
}

function digest(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}

/**
 * Returns the URLs that Twilio may have signed. The query in the option `publicUrl` is used only if the request has no
 * query or an equivalent one. Otherwise an attacker could send a query that Twilio did not sign.
 */
function publicUrls(
  delivery: Delivery,
  option: string | ((delivery: Delivery) => string) | undefined,
): readonly string[] {
  if (option === undefined) return [delivery.url]
  const given = typeof option === 'function' ? option(delivery) : option
  const [base, ownQuery] = split(withoutHash(given))
  const [, query] = split(withoutHash(delivery.url))
  const own = `${base}${ownQuery}`
  if (query === '' || query === ownQuery) return [own]
  const same = new URLSearchParams(query).toString() === new URLSearchParams(ownQuery).toString()
  return same ? [own, `${base}${query}`] : [`${base}${query}`]
}

/**
 * Yields the spellings of the URLs that Twilio may have signed. Twilio's products differ: some sign the URL with its
 * port and some without. Some sign the URL unchanged, and some sign the form that the URL standard makes. Some encode
 * the query in an older way (`'` unchanged, a space as %20).
 */
function* spellings(urls: readonly string[]): Generator<string> {
  const tried = new Set<string>()
  for (const spelling of allSpellings(urls)) {
    if (!tried.has(spelling)) yield spelling
    tried.add(spelling)
  }
}

function* allSpellings(urls: readonly string[]): Generator<string> {
  for (const url of urls) {
    yield withPort(url, false)
    yield withPort(url, true)
    const standard = URL.canParse(url) ? new URL(url).href : url
    for (const port of [false, true]) {
      const one = withPort(standard, port)
      yield one
      const [base, query] = split(one)
      if (query !== '')
        yield `${base}?${stringify(parse(query.slice(1), '&', '=', { maxKeys: 0 }))}`
    }
  }
}

const AUTHORITY = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)(\[[^\]]*\]|[^:/?#]*)(:\d+)?/i

function withPort(url: string, wanted: boolean): string {
  return url.replace(AUTHORITY, (_all, head: string, host: string, port: string | undefined) => {
    if (!wanted) return head + host
    return head + host + (port ?? (/^(?:http|ws):/i.test(head) ? ':80' : ':443'))
  })
}

function split(url: string): readonly [base: string, query: string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)]
}

function withoutHash(url: string): string {
  const hash = url.indexOf('#')
  return hash < 0 ? url : url.slice(0, hash)
}
