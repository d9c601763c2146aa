import type { MaybePromise } from '../../basics/maybe.ts'
import type { Bounds } from '../bounds.ts'
import { bodyBytes, charsets } from '../body/bytes.ts'
import { clockUnits } from '../signature/time.ts'
import { inflated, unwrapped } from '../body/envelope.ts'
import { type Change, withHeaders, type Reads } from '../finding.ts'
import { reencoded } from '../body/form.ts'
import { joinedClues, renamed } from '../signature/headers.ts'
import { reserialized } from '../body/json.ts'
import type { TrialState, Trial } from './trial.ts'
import { signatureEncodings, signaturePrefixes, encodingStep } from '../signature/signature-text.ts'
import type { Subject } from '../subject.ts'
import { urlChanges } from '../url/url.ts'
import { bytesOf, rekeyed, secretChanges } from '../secret/secrets.ts'
import { createHmac } from 'node:crypto'
import { encode, fromBase64, fromBase64url, fromHex } from '../../body/bytes.ts'
import { hmacDigest, watch, type Compared } from '../../provider/schemes/hmac.ts'
import { messageParts } from '../../provider/schemes/signature/template.ts'

/** Returns the changes of one kind to try. `state` is a request with its provider and keys. */
export type Group = (state: TrialState) => MaybePromise<Iterable<Change>>

export interface Groups {
  readonly headers: Group
  readonly secrets: Group
  readonly twiceSecrets: Group
  readonly envelopes: Group
  readonly bodies: Group
  /** The changes of `bodies` that replace characters. Changes of whitespace are left out. */
  readonly charsets: Group
  /** The most common changes of `writers`. These changes are tried first, since `writers` has thousands of changes. */
  readonly layouts: Group
  readonly urls: Group
  readonly algorithms: Group
  readonly writers: Group
}

// For larger bodies, only simple edits of the bytes are tried.
const LARGE = 256 * 1024
const NONE: Group = () => []

/** Makes the groups for one subject. Parts of the request that verification does not read are not changed. */
export function groupsOf(subject: Subject, reads: Reads, trial: Trial, bounds: Bounds): Groups {
  const { made, secrets, state } = subject
  const isLarge = state.request.body.length > LARGE
  // With the signature inside of the body, each verification parses the body: too slow for many edits of 25 MB.
  const isInside = subject.provider.covers.body === 'none'
  const hasBody = reads.body && state.request.body.length > 0 && !(isLarge && isInside)
  const ofSecrets = (twice: boolean): Group =>
    made && secrets
      ? ({ keys }) => (keys === state.keys ? secretChanges(made, secrets, keys, twice) : [])
      : NONE
  return {
    headers: (from) =>
      chained(
        clockUnits(from.request, reads, subject.sample),
        renamed(from.request, reads),
        joinedClues(from.request, reads),
        signatureEncodings(from.request, reads),
        signaturePrefixes(from.request, reads, {
          expected: subject.prefixes,
          // The prefix of a token (no signature over the body) is part of the token. So the prefixes of other providers
          // are tried only for signatures.
          others: reads.body || subject.provider.covers.body !== 'none',
        }),
      ),
    secrets: ofSecrets(false),
    twiceSecrets: ofSecrets(true),
    envelopes: isLarge ? NONE : ({ request }) => chained(unwrapped(request), inflated(request)),
    bodies: hasBody
      ? ({ request }) =>
          isLarge
            ? bodyBytes(request, bounds)
            : chained(bodyBytes(request, bounds), charsets(request))
      : NONE,
    charsets: hasBody && !isLarge ? ({ request }) => charsets(request) : NONE,
    layouts: hasBody && !isLarge ? ({ request }) => reserialized(request, bounds, 'layouts') : NONE,
    urls: isUrlSigned(subject, reads)
      ? ({ request }) =>
          request.url === state.request.url
            ? urlChanges(request, subject.publicUrl, subject.takesPublicUrl)
            : []
      : NONE,
    algorithms: (from) => (isLarge ? [] : algorithms(from, trial, bounds)),
    writers:
      hasBody && !isLarge
        ? ({ request }) => chained(reencoded(request, bounds), reserialized(request, bounds))
        : NONE,
  }
}

function* chained(...parts: readonly Iterable<Change>[]): Generator<Change> {
  for (const part of parts) yield* part
}

export function isUrlSigned({ publicUrl }: Subject, reads: Reads): boolean {
  return reads.url || publicUrl !== undefined
}

const MOST = 50
const BY_LENGTH: Readonly<Record<number, readonly string[]>> = {
  16: ['md5'],
  20: ['sha1'],
  28: ['sha224'],
  32: ['sha256', 'sha3-256'],
  48: ['sha384'],
  64: ['sha512'],
}

/** Recomputes each compared signature with other hash functions, and returns a change for each that then matches. */
async function algorithms(state: TrialState, trial: Trial, bounds: Bounds): Promise<Change[]> {
  const found: Change[] = []
  for (const key of state.keys) {
    const bytes = bytesOf(key)
    if (!bytes || bounds.over()) continue
    const seen: Compared[] = []
    // Watches a copy of the key, since the receiver may verify other deliveries with the key itself at the same time.
    const copy = Uint8Array.from(bytes)
    watch(copy, (found) => void (seen.length < MOST && seen.push(found)))
    await trial.run({ ...state, keys: [rekeyed(key, copy)] })
    for (const one of seen) {
      if (bounds.over()) return found
      const change = other(state, bytes, one)
      if (change) found.push(change)
    }
  }
  return found
}

function other(state: TrialState, key: Uint8Array, seen: Compared): Change | undefined {
  for (const candidate of seen.candidates.slice(0, 4)) {
    const given = fromHex(candidate) ?? fromBase64(candidate) ?? fromBase64url(candidate)
    for (const algorithm of BY_LENGTH[given?.length ?? 0] ?? []) {
      if (algorithm === seen.algorithm) continue
      const mac = createHmac(algorithm, key)
      for (const part of messageParts(seen.message)) mac.update(part)
      if (!mac.digest().equals(given!)) continue
      const right = hmacDigest(seen.algorithm, seen.encoding, key, seen.message)
      for (const [name, lines] of state.request.headers) {
        if (!lines[0]?.includes(candidate)) continue
        return {
          request: withHeaders(state.request, { [name]: [lines[0].replace(candidate, right)] }),
          steps: [
            {
              cause: 'signature-algorithm',
              message: `${name} was signed with ${algorithm}, and this provider verifies ${seen.algorithm}`,
              remedy: `let the sender sign with ${seen.algorithm}, or use the provider's option for the algorithm where it has one`,
            },
            ...(candidate === encode(given!, seen.encoding) ? [] : [encodingStep(name)]),
          ],
        }
      }
    }
  }
  return undefined
}
