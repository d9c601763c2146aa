import type { MaybePromise } from '../../basics/maybe.ts'
import { algorithms } from '../signature/algorithm.ts'
import type { Bounds } from '../bounds.ts'
import { bodyBytes } from '../body/bytes.ts'
import { charsets } from '../body/charset.ts'
import { clockUnits } from '../signature/clock-unit.ts'
import { inflated, unwrapped } from '../body/envelope.ts'
import type { Change } from '../finding.ts'
import { reencoded } from '../body/form.ts'
import { joinedClues, renamed } from '../signature/headers.ts'
import { laidOutAgain, reserialized } from '../body/json.ts'
import type { Reads } from './recording.ts'
import { secretChanges } from '../secret/secret-changes.ts'
import { signatureEncodings, signaturePrefixes } from '../signature/signature-text.ts'
import type { Subject } from '../subject.ts'
import type { TrialState, Trial } from './trial.ts'
import { urlChanges } from '../url/url.ts'

/** Changes of one kind to a state. */
export type Group = (state: TrialState) => MaybePromise<Iterable<Change>>

/** The kinds of changes in the order they are tried. */
export interface Groups {
  readonly headers: Group
  readonly secrets: Group
  readonly twiceSecrets: Group
  readonly envelopes: Group
  readonly bodies: Group
  /** Of these, the changes that leave other tokens of JSON: none of whitespace alone. */
  readonly charsets: Group
  /** Of the writers, the usual ones. A proof by one of them must not wait for thousands of pairs. */
  readonly layouts: Group
  readonly urls: Group
  readonly algorithms: Group
  readonly writers: Group
}

// Bodies beyond this get edits of bytes alone.
const LARGE = 256 * 1024
const NONE: Group = () => []

/** The groups for one subject. What verification does not read is not changed. */
export function groupsOf(subject: Subject, reads: Reads, trial: Trial, bounds: Bounds): Groups {
  const { made, secrets, state } = subject
  const isLarge = state.request.body.length > LARGE
  // A signature inside the body is read by a parser, which no edit of 25 MB should be put through.
  const isInside = subject.provider.covers.body === 'none'
  const hasBody = reads.body && state.request.body.length > 0 && !(isLarge && isInside)
  const ofSecrets = (twice: boolean): Group =>
    made && secrets
      ? ({ keys }) => (keys === state.keys ? secretChanges(made, secrets, keys, bounds, twice) : [])
      : NONE
  return {
    headers: (from) =>
      chained(
        clockUnits(from.request, reads, subject.sample, bounds),
        renamed(from.request, reads, bounds),
        joinedClues(from.request, reads, bounds),
        signatureEncodings(from.request, reads, bounds),
        signaturePrefixes(from.request, reads, bounds, {
          expected: subject.prefixes,
          // A token with something before it is another token.
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
    layouts: hasBody && !isLarge ? ({ request }) => laidOutAgain(request, bounds) : NONE,
    urls: isUrlSigned(subject, reads)
      ? ({ request }) =>
          request.url === state.request.url
            ? urlChanges(request, subject.publicUrl, subject.takesPublicUrl, bounds)
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

/** True if verification uses the URL: that of the request, or the one of an option. */
export function isUrlSigned({ publicUrl }: Subject, reads: Reads): boolean {
  return reads.url || publicUrl !== undefined
}
