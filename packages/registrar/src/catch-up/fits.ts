import type { Records } from '@postern/core/inbox'
import { madeOf } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'
import type { Source } from '../source.ts'
import type { Missing } from './result.ts'

/** Checks that source, inbox and tenant fit the receiver. Throws a `TypeError` that names the way out. */
export function checkFits(
  { provider, settings }: Missing,
  source: Source,
  tenant: string | false | undefined,
): Records {
  const { inbox, dedupe } = settings
  if (source?.kind !== 'payload' && source?.kind !== 'redelivery')
    throw new TypeError(
      'catchUp: source must be a source of @postern/registrar, such as githubEvents({ … })',
    )
  if (source.provider !== provider.name)
    throw new TypeError(
      `catchUp: the source lists events of ${source.provider}, and this receiver accepts those of ${provider.name}`,
    )
  if (!inbox.records)
    throw new TypeError(
      `catchUp: ${inbox.name} keeps no records, so that progress would be lost; use sqliteInbox, bullmqInbox, postgresInbox or memoryInbox`,
    )
  if (dedupe === 'none' || (dedupe === 'id' && provider.ids === false))
    throw new TypeError(
      `catchUp: nothing is deduplicated here, so that events which were handled would be handled again; give events of ${provider.name} an id, and leave dedupe: 'none' out`,
    )
  checkTenant(provider, source, tenant)
  return inbox.records
}

function checkTenant(provider: Provider, source: Source, tenant: string | false | undefined): void {
  if (source.kind === 'redelivery') {
    if (tenant !== undefined)
      throw new TypeError(
        'catchUp: redeliveries are signed and get the tenant of their secret; leave tenant out',
      )
    return
  }
  if (tenant !== undefined && tenant !== false && (typeof tenant !== 'string' || tenant === ''))
    throw new TypeError(
      `catchUp: tenant must be the name of a tenant, or false for none, got ${typeof tenant === 'string' ? 'an empty string' : typeof tenant}`,
    )
  const tenants = tenantsOf(provider)
  if (tenants === 'unknown') {
    if (tenant === undefined)
      throw new TypeError(
        `catchUp: the secrets of ${provider.name} come from a function, so give the tenant that the webhooks have, or tenant: false if they have none; with another tenant their events would be handled again`,
      )
    return
  }
  if (tenants.length === 0 && typeof tenant === 'string')
    throw new TypeError(
      `catchUp: the secrets of ${provider.name} have no tenant, so that these webhooks have none; leave tenant out`,
    )
  if (tenants.length > 0 && !tenants.includes(tenant === false ? undefined : tenant))
    throw new TypeError(
      `catchUp: tenant must be that of one of the secrets (${tenants.join(', ')}), got ${String(tenant)}; with another tenant their events would be handled again`,
    )
}

/** The tenants that deliveries can have; none if they have none. */
function tenantsOf(provider: Provider): readonly (string | undefined)[] | 'unknown' {
  const made = madeOf(provider)
  // A provider that somebody wrote by hand may return any tenant.
  if (!made || typeof made.secret === 'function') return 'unknown'
  const found = [made.secret]
    .flat()
    .map((one) => (typeof one === 'object' ? one.tenant : undefined))
  return found.some((tenant) => tenant !== undefined) ? found : []
}
