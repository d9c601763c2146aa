import type { Scheme } from '../scheme.ts'

/**
 * A scheme that accepts every delivery, for senders that cannot authenticate. Anybody can send events.
 *
 * @example provider<object>({ name: 'probe', options: {}, scheme: () => noAuth, events: () => [{ topic: 'ping', payload: 1 }] })
 */
export const noAuth: Scheme<undefined> = {
  covers: { body: 'none' },
  keys: [undefined],
  key: () => undefined,
  verify: () => 0,
  sign: (request) => request,
}

/**
 * Returns a scheme with ready-made keys instead of secrets, such as a JSON Web Key Set or a certificate.
 *
 * @example scheme: (options) => fixedKeys(jwt({ algorithms: ['RS256'] }), [givenJwks(options.jwks, 'acme: jwks')])
 */
export function fixedKeys<Key>(scheme: Scheme<Key>, keys: readonly Key[]): Scheme<Key> {
  return { ...scheme, keys }
}
