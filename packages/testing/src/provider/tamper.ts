import assert from 'node:assert/strict'
import type { Draft, Provider, SignableRequest } from '@postern/core/scheme'
import { bodyFields, type SigningLaws } from './vector.ts'

export interface Signing {
  readonly provider: Provider
  readonly sign: (draft: Draft) => SignableRequest
  readonly draft: Draft
  readonly laws: SigningLaws
  readonly at: number
}

export function* tamperings(
  { provider: { covers }, sign, draft, laws, at }: Signing,
  signed: SignableRequest,
  place: number,
  bits: number,
): Generator<SignableRequest> {
  if (covers.body !== 'none' && signed.body.length > 0) {
    const body = Uint8Array.from(signed.body)
    body[place % body.length]! ^= bits
    const covered = laws.covered ?? bodyFields
    const type = signed.headers['content-type'] ?? ''
    const same =
      covers.body === 'fields' && isEqual(covered(body, type), covered(signed.body, type))
    if (!same) yield { ...signed, body }
  }
  if (covers.url) {
    const url = new URL(signed.url)
    url.pathname += `/${bits}`
    yield { ...signed, url: url.href }
  }
  if (covers.id && draft.id !== undefined) {
    for (const [name, value] of Object.entries(signed.headers))
      if (value === draft.id) yield replaceAt(signed, { header: name }, `${value}${bits}`)
  }
  if (covers.timestamp) {
    // Each change replaces one header that depends on the time, but not the signature.
    const later = sign({ ...draft, at: at + 60_000 })
    const signatures = signaturePlaces(sign, draft, laws.secrets[1])
    const random = differences(signed, sign(draft))
    for (const found of differences(signed, later)) {
      const other = [...signatures, ...random].some((one) => isEqual(one, found))
      if (other || found.header === undefined) continue
      yield replaceAt(signed, found, later.headers[found.header]!)
    }
  }
}

/** Returns the headers and query parameters that depend on the secret, without those with random values. */
export function signaturePlaces(
  sign: (draft: Draft) => SignableRequest,
  draft: Draft,
  secret: string,
): readonly HeadPlace[] {
  const signed = sign(draft)
  const random = differences(signed, sign(draft))
  return differences(signed, sign({ ...draft, secret })).filter(
    (place) => !random.some((one) => isEqual(one, place)),
  )
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_'

/** Changes one character of the signature. Returns undefined if the signature stays equal. */
export function flipCharacter(
  signed: SignableRequest,
  place: HeadPlace,
  at: number,
  pick: number,
  anyCase: boolean,
): SignableRequest | undefined {
  const text =
    place.header === undefined
      ? new URL(signed.url).searchParams.get(place.query)!
      : signed.headers[place.header]!
  const index = at % text.length
  const old = text[index]!
  // The most frequent fault of a comparison is to ignore case, so every fourth change is only a change of case.
  const fresh = pick % 4 === 0 ? otherCase(old) : ALPHABET[pick % ALPHABET.length]!
  if (fresh === old || (anyCase && fresh.toLowerCase() === old.toLowerCase())) return undefined
  return replaceAt(signed, place, text.slice(0, index) + fresh + text.slice(index + 1))
}

function otherCase(letter: string): string {
  const upper = letter.toUpperCase()
  return upper === letter ? letter.toLowerCase() : upper
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}

type HeadPlace =
  | { readonly header: string; readonly query?: undefined }
  | { readonly query: string; readonly header?: undefined }

export function differences(a: SignableRequest, b: SignableRequest): readonly HeadPlace[] {
  const places: HeadPlace[] = []
  for (const [header, value] of Object.entries(a.headers))
    if (b.headers[header] !== value) places.push({ header })
  const other = new URL(b.url).searchParams
  for (const [query, value] of new URL(a.url).searchParams)
    if (other.get(query) !== value) places.push({ query })
  return places
}

function replaceAt(request: SignableRequest, place: HeadPlace, value: string): SignableRequest {
  if (place.header !== undefined)
    return { ...request, headers: { ...request.headers, [place.header]: value } }
  const url = new URL(request.url)
  url.searchParams.set(place.query, value)
  return { ...request, url: url.href }
}
