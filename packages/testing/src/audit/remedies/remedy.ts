import type { RemedyId, RemedyLines, RemedyStack } from './remedy-ids.ts'
import { expressLines } from './express.ts'
import { flaskLines } from './flask.ts'
import { goLines } from './go.ts'
import { nextLines } from './next.ts'
import { phpLines } from './php.ts'

/** What is to be done. */
export interface Remedy {
  /** In a sentence. */
  readonly does: string
  /** In two lines of each kind of app. */
  readonly lines: Readonly<Record<RemedyStack, readonly [string, string]>>
}

/**
 * Kinds of apps whose lines no test runs.
 *
 * @example const mark = untestedStacks.includes('next') ? '(untested)' : ''
 */
export const untestedStacks: readonly RemedyStack[] = ['next']

const DOES: Readonly<Record<RemedyId, string>> = {
  verify:
    'Make the signature of the bytes that came, and refuse with 401 unless it is the one that was sent.',
  compare: 'Compare the whole signature, at its full length, in constant time.',
  secret: 'End at the start if the secret is not set, or still is the text of an example.',
  algorithm: 'Choose the algorithm and the header in the code, never by what was sent.',
  'raw-body': 'Verify the bytes as they came, before any parser, and parse them then.',
  freshness:
    'Refuse what was signed more than five minutes ago, or ahead. Take the time from what is signed, and refuse two.',
  'after-verify': 'Do nothing before the signature is verified, in the background neither.',
  route: 'Answer one path and one method; all others get 404 or 405, whatever they carry.',
  handshake:
    'Answer the challenge of the sender once its signature is verified, and do nothing else with it.',
  dedupe:
    'Write the id of the event in the transaction of what it does, under a unique key; answer 200 if it is there.',
  'ignore-topics': 'Answer 200 to topics that you have no handler for.',
  'answer-first': 'Store the event, answer, and do the work after that.',
  'body-limit': 'Take bodies as large as the sender makes them, and no larger.',
  'odd-bodies':
    'Answer 400 to a body that is not the JSON object you expect, without an exception.',
  crash: 'Catch what the handler throws, also what it rejects later, and answer 500.',
  timeouts: 'Bound how long a request may take, and how many wait.',
  stack: 'Switch debugging off, and answer errors without their text.',
  quiet: 'Neither log nor answer secrets, signatures and whole headers.',
}

const LINES: Readonly<Record<RemedyStack, RemedyLines>> = {
  express: expressLines,
  next: nextLines,
  flask: flaskLines,
  php: phpLines,
  go: goLines,
}

/**
 * What is to be done, by the names of causes.
 *
 * @example console.log(remedies.dedupe.does, remedies.dedupe.lines.express.join('\n'))
 */
export const remedies: Readonly<Record<RemedyId, Remedy>> = Object.fromEntries(
  Object.entries(DOES).map(([id, does]) => [
    id,
    {
      does,
      lines: Object.fromEntries(
        Object.entries(LINES).map(([stack, lines]) => [stack, lines[id as RemedyId]]),
      ),
    },
  ]),
) as unknown as Readonly<Record<RemedyId, Remedy>>
