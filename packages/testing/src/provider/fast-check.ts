import type { default as Library } from 'fast-check'

/** The library of properties: an optional peer, since only the laws of signing need it. */
export type FastCheck = typeof Library
export type { Arbitrary } from 'fast-check'

/**
 * Loads fast-check.
 *
 * @throws TypeError with the line that installs it.
 */
export async function fastCheck(): Promise<FastCheck> {
  try {
    return (await import('fast-check')).default
  } catch (cause) {
    throw new TypeError(
      'testProvider with sign: fast-check is not there, and the laws of signing need it: npm install --save-dev fast-check',
      { cause },
    )
  }
}
