/** Case that fails on a runtime because of the runtime itself. */
export interface Lack {
  readonly runtime: string
  /** Full name of the case, as the run prints it. */
  readonly name: string
  /** What the runtime lacks. */
  readonly reason: string
  /** Expected error of Postern. Any other error counts as a failure. */
  readonly error: RegExp
}

const PSS_KEY = {
  name: 'a key of type RSASSA-PSS',
  reason:
    'BoringSSL reads no key of the type RSASSA-PSS (RFC 4055); the same key with the type rsaEncryption verifies',
  error: /this one has the type RSASSA-PSS .* with the type rsaEncryption/,
}

/**
 * The cases that the run leaves out and prints with their reason. If one of them passes, the run fails, so that the
 * table stays correct.
 */
export const lacking: readonly Lack[] = [
  { runtime: 'bun', ...PSS_KEY },
  { runtime: 'workerd', ...PSS_KEY },
]
