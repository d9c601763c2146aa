import type { FindingCause } from '@postern/core/explain'
import type { Sealed } from '../sealed.ts'
import type { Spoil } from './spoil.ts'

/** Spoils that change the secret. */
export const SECRETS: readonly Spoil[] = [
  secret('blank behind', 'secret-whitespace', (one) => `${one} `),
  secret('tab before', 'secret-whitespace', (one) => `\t${one}`),
  secret('line break behind', 'secret-whitespace', (one) => `${one}\r\n`),
  secret('hard blank before', 'secret-whitespace', (one) => `\u00A0${one}`),
  secret('blank of no width', 'secret-whitespace', (one) => `${one}\u200B`),
  secret('blank inside', 'secret-whitespace', (one) =>
    /\s/.test(one) ? undefined : `${one.slice(0, 8)}\n${one.slice(8)}`,
  ),
  secret('quotes', 'secret-quoted', (one) => `"${one}"`),
  secret('single quotes', 'secret-quoted', (one) => `'${one}'`),
  secret('curly quotes', 'secret-quoted', (one) => `“${one}”`),
  secret('quotes and a semicolon', 'secret-quoted', (one) => `"${one}";`),
  secret('quotes that are escaped', 'secret-quoted', (one) => `\\"${one}\\"`),
  secret('quote before alone', 'secret-quoted', (one) => `"${one}`),
  secret('name of variable', 'secret-prefix', (one) => `WEBHOOK_SECRET=${one}`),
  secret('export before', 'secret-prefix', (one) => `export HOOK_KEY=${one}`),
  secret('version before', 'secret-prefix', (one, { sender }) =>
    sender === 'supabase-auth-hooks' ? undefined : `v1,${one}`,
  ),
  secret('Bearer before', 'secret-prefix', (one) => `Bearer ${one}`),
  secret('prefix lost', 'secret-prefix', (one) =>
    /^(?:(?:v1,)?whsec|shpss|polar_whs|wc|pdl_ntfset|lin_wh|secret|test)_./.test(one)
      ? one.replace(/^.*_(?=[^_]+$)/, '')
      : undefined,
  ),
  secret('encoded again', 'secret-encoding', (one) => Buffer.from(one).toString('base64')),
  secret('in hex', 'secret-encoding', (one) => Buffer.from(one).toString('hex')),
  secret('in the other case', 'secret-encoding', (one) =>
    /^[\da-f]{16,}$/.test(one) ? one.toUpperCase() : undefined,
  ),
  secret('with escapes of a URL', 'secret-encoding', (one) =>
    encodeURIComponent(one) === one ? undefined : encodeURIComponent(one),
  ),
  secret('another secret', 'secret-wrong', (_one, { other }) => other, true),
]

function secret(
  name: string,
  cause: FindingCause,
  change: (secret: string, sealed: Sealed) => string | undefined,
  loses = false,
): Spoil {
  return {
    name,
    cause,
    loses,
    apply(from, sealed) {
      // A PEM key has many lines, so people do not copy it into an .env file.
      if (from.secret.includes('-----')) return undefined
      const changed = change(from.secret, sealed)
      if (changed === undefined || changed === from.secret) return undefined
      try {
        return { ...from, secret: changed, provider: sealed.provider(changed) }
      } catch {
        // The provider already rejects this secret at startup.
        return undefined
      }
    },
  }
}
