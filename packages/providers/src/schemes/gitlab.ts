import { type SecretOption } from '@postern/core'
import {
  standardWebhooksScheme,
  token,
  type Scheme,
  type StandardWebhooksKey,
} from '@postern/core/scheme'

/** What one of GitLab's two kinds of token became. */
export type GitlabKey = { readonly signing: StandardWebhooksKey } | { readonly plain: string }

/**
 * GitLab's two mechanisms: Standard Webhooks under a signing token, `whsec_…`, and the secret token in a header. Where a
 * signing token is in force the secret token does not count, so that nobody gets by without a signature.
 *
 * @param given - the tokens, since what is protected depends on their kind.
 */
export function gitlabScheme(
  given: SecretOption,
  tolerance: number | undefined,
): Scheme<GitlabKey> {
  const signed = standardWebhooksScheme({ tolerance })
  const plain = token({ header: 'X-Gitlab-Token' })
  return {
    covers: isSigning(given) ? signed.covers : plain.covers,
    credentials: plain.credentials!,
    key: (secret) =>
      secret.startsWith('whsec_') ? { signing: signed.key(secret) } : { plain: plain.key(secret) },
    verify(delivery, keys, now) {
      const signing = keys.flatMap((key, at) =>
        'signing' in key ? [{ at, key: key.signing }] : [],
      )
      if (signing.length === 0) {
        const tokens = keys.flatMap((key) => ('plain' in key ? [key.plain] : []))
        return plain.verify(delivery, tokens, now)
      }
      const found = signed.verify(
        delivery,
        signing.map(({ key }) => key),
        now,
      )
      return signing[found as number]!.at
    },
    sign(request, key, now) {
      if ('plain' in key) return plain.sign!(request, key.plain, now)
      const headers = { ...request.headers, 'webhook-id': request.headers['idempotency-key'] ?? '' }
      return signed.sign!({ ...request, headers }, key.signing, now)
    },
  }
}

// A function may give either kind, so that nothing can be promised of the body.
function isSigning(given: SecretOption): boolean {
  return typeof given !== 'function' && String(JSON.stringify(given)).includes('"whsec_')
}
