import type { SecretOption } from '@postern/core'

/**
 * Refuses a secret that is a key for the sender's API: it stands on the next page, and signs nothing. What a function returns is
 * seen by no delivery but its own, and is not looked at.
 *
 * @throws TypeError that names the option.
 */
export function noApiKey(option: string, given: SecretOption, keys: RegExp, remedy: string): void {
  for (const one of [given].flat() as readonly unknown[]) {
    const secret = typeof one === 'object' && one !== null && 'secret' in one ? one.secret : one
    if (typeof secret === 'string' && keys.test(secret))
      throw new TypeError(`${option} is a key for the API, which signs no webhooks: ${remedy}`)
  }
}
