import { createHash, randomUUID } from 'node:crypto'
import { tenantKey } from '../basics/tenant-key.ts'
import type { Delivery } from '../delivery.ts'
import type { EventDraft, Guard } from '../event.ts'
import type { Provider } from '../provider/provider.ts'

/**
 * The identity of an event. `id`: the sender's id. `id+digest`: the id; the same signed content under another id is a
 * duplicate too. `digest`: the id, else a digest of the body. `none`: no two events are the same.
 */
export type Dedupe = 'id' | 'id+digest' | 'digest' | 'none'

/** The parts that the identity of an event is made of. */
export interface IdentitySource {
  readonly context: { readonly dedupe: Dedupe; readonly provider: Provider }
  readonly delivery: Delivery
  readonly tenant: string | undefined
  /** Of the body; made when the first event needs it. */
  digest: string
}

/** The identity of one event: its key, and further keys that no other event may have. */
interface Identity {
  readonly key: string
  readonly dedupe: boolean
  readonly guards: readonly Guard[] | undefined
}

const MAX_ID = 256
const HASHED = 'sha256:'

/** The identity of the event at that place of its delivery. Every key starts with the tenant. */
export function identityOf(source: IdentitySource, draft: EventDraft, at: number): Identity {
  const { context, tenant } = source
  const { id } = draft
  if (context.dedupe === 'none')
    return { key: `~${randomUUID()}`, dedupe: false, guards: undefined }
  const guards = draft.guards?.map(({ key, otherwise }) => ({
    key: identityKey(tenant, '!', key),
    otherwise,
  }))
  if (context.dedupe === 'id+digest') {
    const digest = signedDigest(source, draft, at)
    if (id === undefined) return { key: identityKey(tenant, '#', digest), dedupe: true, guards }
    const signed = { key: identityKey(tenant, '#', digest), otherwise: 'duplicate' } as const
    return { key: identityKey(tenant, ':', id), dedupe: true, guards: [...(guards ?? []), signed] }
  }
  if (id !== undefined) return { key: identityKey(tenant, ':', id), dedupe: true, guards }
  if (context.dedupe === 'id') return { key: `~${randomUUID()}`, dedupe: false, guards }
  source.digest ||= bodyDigest(source.delivery)
  return { key: identityKey(tenant, '#', `${source.digest}:${at}`), dedupe: true, guards }
}

/** The key of an id, a digest or a guard. A long one is hashed, and so is a short one that could be taken for a hash. */
export function identityKey(tenant: string | undefined, mark: ':' | '#' | '!', id: string): string {
  if (id.length <= MAX_ID && !id.startsWith(HASHED)) return tenantKey(tenant, mark, id)
  return tenantKey(tenant, mark, HASHED + createHash('sha256').update(id).digest('hex'))
}

function bodyDigest({ method, url, body }: Delivery): string {
  return createHash('sha256')
    .update(method)
    .update('\n')
    .update(body.length === 0 ? url : '')
    .update('\n')
    .update(body)
    .digest('hex')
}

/** A digest of all that differs between two signed events: body, signed time, and topic, which can be in a header. */
function signedDigest(source: IdentitySource, { topic }: EventDraft, at: number): string {
  const { delivery, context } = source
  source.digest ||= bodyDigest(delivery)
  const time = context.provider.signedTime?.(delivery) ?? ''
  return createHash('sha256')
    .update(JSON.stringify([source.digest, at, time, topic]))
    .digest('hex')
}
