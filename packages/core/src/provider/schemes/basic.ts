import { encode, fromBase64, toBuffer, utf8 } from '../../body/bytes.ts'
import { indexOfEqual } from '../safe-equal.ts'
import { isWebhookError, WebhookError } from '../../errors.ts'
import { factsOf } from '../../messages.ts'
import { checkSecret } from '../secrets.ts'
import type { Scheme } from '../scheme.ts'
import { malformed, mismatch, singleHeader } from './signature/header.ts'

/** Options of {@link basic}. */
export interface BasicOptions {
  /**
   * Realm in the header `WWW-Authenticate`, which asks a sender for credentials.
   * @default 'webhooks'
   */
  readonly realm?: string
}

/**
 * Creates a scheme for HTTP Basic authentication (RFC 7617). The secret is `user:password`, split at the first colon.
 * Rejections have the header `WWW-Authenticate`, since some senders (Twilio) send credentials only after such a reply.
 */
export function basic(options: BasicOptions = {}): Scheme<string> {
  const headers = {
    'www-authenticate': `Basic realm="${options.realm ?? 'webhooks'}", charset="UTF-8"`,
  }
  return {
    words: 'Basic; nothing is signed',
    place: { header: 'Authorization' },
    covers: { body: 'none' },
    credentials: { headers: ['authorization'] },
    reads: ['authorization'],
    head: true,
    present: (delivery) => delivery.header('authorization') !== undefined,
    key(secret) {
      if (!secret.includes(':')) throw new TypeError('Basic credentials must be user:password')
      const user = secret.slice(0, secret.indexOf(':'))
      const password = secret.slice(user.length + 1)
      // Some senders use an API key as user, without a password (RFC 7617 allows this). Then the user is the secret.
      checkSecret('what Basic credentials hold', password === '' ? user : password)
      return secret
    },
    verify(delivery, keys) {
      try {
        const value = singleHeader(delivery, 'authorization')
        const match = /^basic +([^\s,]+) *$/i.exec(value)
        const bytes = match && fromBase64(match[1]!)
        const given = bytes && utf8(bytes)
        if (!given?.includes(':'))
          throw malformed({ header: 'authorization' }, 'Basic and base64 of user:password')
        const found = indexOfEqual(keys, given)
        if (found < 0) throw mismatch({ header: 'authorization' }, keys.length)
        return found
      } catch (error) {
        throw isWebhookError(error)
          ? new WebhookError(error.code, factsOf(error), { headers })
          : error
      }
    },
    sign: (request, key) => ({
      ...request,
      headers: { ...request.headers, authorization: `Basic ${encode(toBuffer(key), 'base64')}` },
    }),
  }
}
