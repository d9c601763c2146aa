/** A case a runtime cannot pass for want of something below Postern. */
export interface Lack {
  readonly runtime: string
  /** The case by its whole name, as the run prints it. */
  readonly name: string
  /** What is wanting. */
  readonly reason: string
  /** The error of ours that tells it. A failure with any other one counts as a failure. */
  readonly error: RegExp
}

const PSS_KEY = {
  name: 'a key of type RSASSA-PSS',
  reason:
    'BoringSSL reads no key of the type RSASSA-PSS (RFC 4055); the same key with the type rsaEncryption verifies',
  error: /this one has the type RSASSA-PSS .* with the type rsaEncryption/,
}

/**
 * Every case the run leaves out, printed with its reason. One that passes after all fails the run, so that the table
 * stays true.
 */
export const lacking: readonly Lack[] = [
  { runtime: 'bun', ...PSS_KEY },
  { runtime: 'workerd', ...PSS_KEY },
]
