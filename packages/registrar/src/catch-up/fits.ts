import type { Records } from '@postern/core/inbox'
import { madeOf, type Provider } from '@postern/core/scheme'
import type { Source } from '../source.ts'
import type { Missing } from './result.ts'

/** Checks that source, inbox and scope fit the receiver. Throws a `TypeError` that names the way out. */
export function checkFits(
  { provider, settings }: Missing,
  source: Source,
  scope: string | false | undefined,
): Records {
  const { inbox, dedupe } = settings
  if (source?.kind !== 'payload' && source?.kind !== 'redelivery')
    throw new TypeError(
      'catchUp: source must be a source of @postern/registrar, such as githubEvents({ … })',
    )
  if (source.provider !== provider.name)
    throw new TypeError(
      `catchUp: the source lists events of ${source.provider}, and this receiver takes those of ${provider.name}`,
    )
  if (!inbox.records)
    throw new TypeError(
      `catchUp: ${inbox.name} keeps no records, so that progress would be lost; use sqliteInbox, bullmqInbox, postgresInbox or memoryInbox`,
    )
  if (dedupe === 'none' || (dedupe === 'id' && provider.ids === false))
    throw new TypeError(
      `catchUp: nothing is deduplicated here, so that events which were handled would be handled again; give events of ${provider.name} an id, and leave dedupe: 'none' out`,
    )
  checkScope(provider, source, scope)
  return inbox.records
}

function checkScope(provider: Provider, source: Source, scope: string | false | undefined): void {
  if (source.kind === 'redelivery') {
    if (scope !== undefined)
      throw new TypeError(
        'catchUp: redeliveries are signed and get the scope of their secret; leave scope out',
      )
    return
  }
  if (scope !== undefined && scope !== false && (typeof scope !== 'string' || scope === ''))
    throw new TypeError(
      `catchUp: scope must be the name of a tenant, or false for none, got ${typeof scope === 'string' ? 'an empty string' : typeof scope}`,
    )
  const scopes = scopesOf(provider)
  if (scopes === 'unknown') {
    if (scope === undefined)
      throw new TypeError(
        `catchUp: the secrets of ${provider.name} come from a function, so give the scope that the webhooks have, or scope: false if they have none; with another scope their events would be handled again`,
      )
    return
  }
  if (scopes.length === 0 && typeof scope === 'string')
    throw new TypeError(
      `catchUp: the secrets of ${provider.name} have no scope, so that these webhooks have none; leave scope out`,
    )
  if (scopes.length > 0 && !scopes.includes(scope === false ? undefined : scope))
    throw new TypeError(
      `catchUp: scope must be that of one of the secrets (${scopes.join(', ')}), got ${String(scope)}; with another scope their events would be handled again`,
    )
}

/** The scopes that deliveries can have; none if they have none. */
function scopesOf(provider: Provider): readonly (string | undefined)[] | 'unknown' {
  const made = madeOf(provider)
  // A provider that somebody wrote by hand may return any scope.
  if (!made || typeof made.secret === 'function') return 'unknown'
  const found = [made.secret]
    .flat()
    .map((one) => (typeof one === 'object' ? one.tenant : undefined))
  return found.some((scope) => scope !== undefined) ? found : []
}
