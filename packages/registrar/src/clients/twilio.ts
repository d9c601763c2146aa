import { Buffer } from 'node:buffer'
import type { ClientSpec } from '../common/client-types.ts'
import { checkOptions, tokenOf, type ApiOptions, type Token } from '../common/options.ts'

/** Who calls Twilio's API. */
export interface TwilioAccount extends ApiOptions {
  /** The account, `AC…`. */
  readonly accountSid: string
  /** The account's Auth Token. */
  readonly authToken: Token
}

/** Throws a `TypeError` for invalid options. */
export function checkTwilio(
  name: 'twilioRegistrar' | 'twilioNumberRegistrar',
  options: TwilioAccount,
): void {
  checkOptions(name, options)
  if (!/^AC[0-9a-fA-F]{32}$/.test(options.accountSid))
    throw new TypeError(`${name}: accountSid: must be AC and 32 hex digits; see the console`)
}

/** What a client needs of the account: Basic, with the account as the user. */
export function twilioAuth(
  name: string,
  { accountSid, authToken }: TwilioAccount,
): Pick<ClientSpec, 'headers' | 'secrets'> {
  const token = tokenOf(`${name}: authToken`, authToken)
  return {
    secrets: token.seen,
    headers: async () => {
      const basic = Buffer.from(`${accountSid}:${await token()}`).toString('base64')
      return { authorization: `Basic ${basic}` }
    },
  }
}
