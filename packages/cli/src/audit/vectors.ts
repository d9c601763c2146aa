import type { Provider } from '@postern/core/scheme'
import { battery, type AuditCase } from '@postern/testing/audit'

/**
 * Creates the test vectors of a provider for a URL: the cases of an audit as data, signed for a fixed time. The format
 * is `schema/vectors.json`. `now` is in milliseconds since 1970.
 */
export async function vectorsOf(
  provider: Provider,
  { url, seed, now }: { readonly url: string; readonly seed: number; readonly now: number },
): Promise<object> {
  const cases = await battery(provider, { url, seed, now: () => now, seededIds: true })
  const usable = cases.filter(
    ({ skip, between, class: kind }) =>
      skip === undefined && between === undefined && kind !== 'leaks',
  )
  return {
    $schema: 'https://unpkg.com/postern/schema/vectors.json',
    version: 1,
    provider: provider.name,
    now: Math.floor(now / 1000),
    cases: usable.map(vectorOf),
  }
}

const STATUS = { taken: '2xx', busy: '2xx or busy', rejected: '4xx', sane: 'below 500' } as const

function vectorOf({ id, severity, what, why, expects, sends }: AuditCase): object {
  return {
    id,
    severity,
    what,
    why,
    requests: sends().flatMap((round, at) =>
      round.map(({ method, url, headers, body }) => ({
        round: at,
        method,
        url,
        headers,
        bodyBase64: Buffer.from(body).toString('base64'),
      })),
    ),
    expect: { status: STATUS[expects.reply], effects: expects.effects ?? null },
  }
}
