import type { Provider } from '@postern/core/scheme'
import { battery, type AuditCase } from '@postern/testing/audit'

/** Cases of an audit as data, signed for a fixed time. The format is `schema/vectors.json`. */
interface AuditVectors {
  readonly $schema: string
  readonly version: 1
  readonly provider: string
  /** Time at which the requests are assumed to be sent, in seconds since 1970. */
  readonly now: number
  readonly cases: readonly AuditVector[]
}

interface AuditVector {
  readonly id: string
  readonly severity: string
  readonly what: string
  readonly why: string
  readonly requests: readonly {
    /** Index of the group of requests that are sent at the same time. */
    readonly round: number
    readonly method: string
    readonly url: string
    readonly headers: readonly (readonly [name: string, value: string])[]
    readonly bodyBase64: string
  }[]
  readonly expect: { readonly status: string; readonly effects: number | null }
}

/** Creates the test vectors of a provider for a URL. `now` is in milliseconds since 1970. */
export async function vectorsOf(
  provider: Provider,
  { url, seed, now }: { readonly url: string; readonly seed: number; readonly now: number },
): Promise<AuditVectors> {
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

function vectorOf({ id, severity, what, why, expects, sends }: AuditCase): AuditVector {
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
