import { Buffer } from 'node:buffer'
import { checkOptions, tokenOf, type ApiOptions, type Token } from './options.ts'

/** Who calls Twilio's API. */
export interface TwilioAccount extends ApiOptions {
  /** The account, `AC…`. */
  readonly accountSid: string
  /** The account's Auth Token. */
  readonly authToken: Token
}

/** Throws a `TypeError` for options that cannot be. */
export function checkTwilio(
  name: string,
  options: TwilioAccount,
  optional: readonly string[],
): void {
  checkOptions(name, options, ['accountSid', 'authToken'], optional)
  if (!/^AC[0-9a-fA-F]{32}$/.test(options.accountSid))
    throw new TypeError(`${name}: accountSid: must be AC and 32 hex digits; see the console`)
}

/** The header of a request: Basic, with the account as the user. */
export async function twilioHeaders(
  name: string,
  { accountSid, authToken }: TwilioAccount,
): Promise<Readonly<Record<string, string>>> {
  const token = await tokenOf(`${name}: authToken`, authToken)()
  return { authorization: `Basic ${Buffer.from(`${accountSid}:${token}`).toString('base64')}` }
}
