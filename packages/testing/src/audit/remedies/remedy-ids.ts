/** Names of remedies: each is one cause. */
export type RemedyId =
  | 'verify'
  | 'compare'
  | 'secret'
  | 'algorithm'
  | 'raw-body'
  | 'freshness'
  | 'after-verify'
  | 'route'
  | 'handshake'
  | 'dedupe'
  | 'ignore-topics'
  | 'answer-first'
  | 'body-limit'
  | 'odd-bodies'
  | 'crash'
  | 'timeouts'
  | 'stack'
  | 'quiet'

/** A kind of app that remedies are written for. */
export type RemedyStack = 'express' | 'next' | 'flask' | 'php' | 'go'

/** Two lines of code for each remedy. */
export type RemedyLines = Readonly<Record<RemedyId, readonly [string, string]>>
