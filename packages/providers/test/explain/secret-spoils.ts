import type { Cause } from '@postern/core/explain'
import type { Sealed } from './sealed.ts'
import type { Spoil } from './spoil.ts'

/** What happens to secrets. */
export const SECRETS: readonly Spoil[] = [
  secret('blank behind', 'secret-whitespace', (one) => `${one} `),
  secret('tab before', 'secret-whitespace', (one) => `\t${one}`),
  secret('quotes', 'secret-quoted', (one) => `"${one}"`),
  secret('name of variable', 'secret-prefix', (one) => `WEBHOOK_SECRET=${one}`),
  secret('version before', 'secret-prefix', (one) => `v1,${one}`),
  secret('prefix lost', 'secret-prefix', (one, { sender }) =>
    sender === 'stripe' ? one.slice(6) : undefined,
  ),
  secret('encoded again', 'secret-encoding', (one) => Buffer.from(one).toString('base64')),
  secret('in hex', 'secret-encoding', (one, { sender }) =>
    /standard|svix/.test(sender) ? undefined : Buffer.from(one).toString('hex'),
  ),
  secret(
    'another secret',
    'secret-wrong',
    (one, { sender }) =>
      /standard|svix/.test(sender)
        ? `whsec_${Buffer.from('another key of the length').toString('base64')}`
        : `another${one.slice(7)}Q`,
    true,
  ),
]

function secret(
  name: string,
  cause: Cause,
  change: (secret: string, sealed: Sealed) => string | undefined,
  loses = false,
): Spoil {
  return {
    name,
    cause,
    loses,
    apply(from, sealed) {
      const changed = change(from.secret, sealed)
      if (changed === undefined || sealed.sender === 'discord') return undefined
      try {
        return { ...from, secret: changed, provider: sealed.provider(changed) }
      } catch {
        // The factory refuses it, which says it already.
        return undefined
      }
    },
  }
}
