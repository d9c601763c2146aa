import { Buffer } from 'node:buffer'
import { senderCall, type ApiCall } from '../common/client.ts'
import type { ApiOptions, Token } from '../common/options.ts'

/** The account at Twilio. */
export interface TwilioAccount extends ApiOptions {
  /** The account's id, `AC…`. */
  readonly accountSid: string
  /** The account's Auth Token. */
  readonly authToken: Token
}

/** Uses Basic authentication, with the account's id as the user name. */
export function twilioClient(
  name: 'twilioRegistrar' | 'twilioNumberRegistrar',
  options: TwilioAccount,
  api: string,
): ApiCall {
  const { accountSid } = options
  const call = senderCall(name, options, {
    title: 'Twilio',
    api,
    headers: (token) => ({
      authorization: `Basic ${Buffer.from(`${accountSid}:${token}`).toString('base64')}`,
    }),
  })
  if (/^AC[0-9a-fA-F]{32}$/.test(accountSid)) return call
  throw new TypeError(`${name}: accountSid: must be AC and 32 hex digits; see the console`)
}
