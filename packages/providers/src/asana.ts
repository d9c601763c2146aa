import { WebhookError, type Delivery, type SecretOption } from '@postern/core'
import { type MaybePromise, mergeDeep, singleHeader, stringifyJson } from '@postern/core/internal'
import type { Records } from '@postern/core/inbox'
import { hmac, type Factory, type Greeting } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY, MIB } from './common/units.ts'
import { items, member } from './common/read.ts'
import { joined } from './schemes/ids.ts'

/** Options of {@link asana}. */
export interface AsanaOptions {
  /**
   * The secret of the webhook, which Asana sends in `X-Hook-Secret` of its first request (the handshake). Each webhook
   * has its own secret. If your app stores the secrets itself, give a function. @default the secrets in `records`.
   * Without `records`, there is no secret, and only handshakes are accepted
   */
  readonly secret?: SecretOption
  /**
   * Whether a handshake is expected now. Anybody can send a handshake, and the sender of an accepted secret can sign
   * events. So return true only for the webhook's URL, and only while your call that creates the webhook waits for its
   * answer. @default false
   */
  readonly acceptHandshake?: boolean | ((delivery: Delivery) => MaybePromise<boolean>)
  /**
   * Stores the secret of a handshake. The reply waits for this function. If the function fails, Asana does not create
   * the webhook.
   */
  readonly onSecret?: (secret: string, delivery: Delivery) => MaybePromise<void>
  /**
   * The records of an inbox (`inbox.records`). The secrets from handshakes are stored there, unencrypted. The key of a
   * record is the path and query of the webhook's URL, so give each webhook its own URL. @default none
   */
  readonly records?: Records
}

// Allowed form of a secret. A comma is not allowed, because servers join two headers of one name with a comma. A brace
// is not allowed, so that no JSON body can pass as a secret.
const SECRET = /^[\w.~+/=:-]{1,256}$/

/**
 * Asana. The signature is HMAC-SHA256 over the body, in `X-Hook-Signature`. Asana chooses the secret, and sends it in
 * `X-Hook-Secret` of the first request, while your call that creates the webhook still waits. The receiver echoes the
 * secret. A delivery is a batch of events. A batch without events is a heartbeat. The topic is `resource_type.action`
 * (`task.changed`). Asana sends no event id, so the id is made of resource, action, field, time, user and parent, all
 * signed. Asana expects a 2xx within 10 s and retries for 24 hours. A 410 deletes the webhook.
 * https://developers.asana.com/docs/webhooks-guide
 */
export const asana: Factory<AsanaOptions> = /* @__PURE__ */ provider({
  name: 'asana',
  title: 'Asana',
  docs: 'https://developers.asana.com/docs/webhooks-guide',
  setup: {
    call: 'POST https://app.asana.com/api/1.0/webhooks',
    secret: 'X-Hook-Secret of the first request to your URL, which the receiver keeps',
  },
  notSecret: [[/^\d\/\d+/, 'an access token']],
  topics: ['task.added', 'task.changed', 'task.deleted', 'story.added', 'project.changed'],
  handshakes: ['X-Hook-Secret is echoed, if it is expected'],
  facts: {
    checked: '2026-11-26',
    delivers: { within: 10_000, largest: 5 * MIB, retries: DAY, givesUp: 'at a 410', ok: '2xx' },
  },
  options: {
    secret: 'X-Hook-Secret of the webhook, or a function that looks it up.',
    acceptHandshake: 'Whether a handshake is expected now. Default false.',
    onSecret: 'Keeps the secret of a handshake.',
    records: 'Records of an inbox that keep the secrets of handshakes.',
  },
  greets: 'body',
  challenge: SECRET,
  covers: { body: 'bytes', id: true },
  prepare: (options) => ({
    ...options,
    kept: options.records && recordedSecrets(options.records, 'asana'),
  }),
  secretOf: ({ secret, kept }) => ['secret', secret ?? kept?.secret ?? nobody],
  scheme: () => SCHEME,
  credentials: { headers: ['x-hook-secret'] },
  reads: ['x-hook-secret'],
  greet: (delivery, options) =>
    greet(delivery, options, async (secret) => {
      await options.kept?.keep(secret, delivery)
      await options.onSecret?.(secret, delivery)
    }),
  check: (delivery, _clock, { kept }) => kept?.prove(delivery),
  events(_delivery, { value }) {
    return items(value, 'events').map((event) => {
      const type = member(event, 'resource.resource_type')
      const action = member(event, 'action')
      return { id: idOf(event), topic: type && action ? `${type}.${action}` : '', payload: event }
    })
  },
  compose({ topic = 'task.changed', payload, at = Date.now() }) {
    const [resource_type, action] = topic.split('.')
    const event = mergeDeep(
      {
        action,
        resource: { gid: '1337', resource_type },
        created_at: new Date(at).toISOString(),
      },
      payload,
    )
    return { body: stringifyJson({ events: [event] }) }
  },
})

const SCHEME = hmac({ header: 'X-Hook-Signature' })
const nobody = (): undefined => undefined

async function greet(
  delivery: Delivery,
  { acceptHandshake = false }: AsanaOptions,
  keep: (secret: string) => Promise<void>,
): Promise<Greeting | undefined> {
  const isSigned = delivery.header('x-hook-signature') !== undefined
  if (isSigned || delivery.header('x-hook-secret') === undefined) return undefined
  const secret = singleHeader(delivery, 'x-hook-secret')
  const isExpected =
    typeof acceptHandshake === 'function' ? await acceptHandshake(delivery) : acceptHandshake
  if (!isExpected || !SECRET.test(secret))
    throw new WebhookError(
      'handshake_rejected',
      isExpected
        ? { problem: 'malformed', header: 'x-hook-secret', expected: 'a secret' }
        : { problem: 'unexpected', header: 'x-hook-secret', option: 'acceptHandshake' },
    )
  return { status: 200, headers: { 'x-hook-secret': secret }, keep: () => keep(secret) }
}

const PARTS = ['action', 'change.field', 'created_at', 'user.gid', 'parent.gid']

function idOf(event: unknown): string | undefined {
  const resource = member(event, 'resource.gid')
  if (resource === undefined || member(event, 'created_at') === undefined) return undefined
  return joined([resource, ...PARTS.map((path) => member(event, path) ?? '')])
}

const MOST = 20
const TRIES = 5

/** A secret that arrived in a handshake. `proven` is true once the secret has verified a delivery. */
type Kept = { readonly secret: string; readonly proven: boolean }

/** Stores the secrets from handshakes in the records of an inbox, so that every process of the app has them. */
function recordedSecrets(
  records: Records,
  provider: string,
): {
  readonly secret: (delivery: Delivery) => Promise<readonly string[] | undefined>
  readonly keep: (secret: string, delivery: Delivery) => Promise<void>
  readonly prove: (delivery: Delivery) => MaybePromise<void>
} {
  const looked = new WeakMap<Delivery, readonly Kept[]>()
  const find = async (
    key: string,
  ): Promise<{ readonly kept: readonly Kept[]; readonly version: number }> => {
    const found = await records.get(key)
    const value: readonly unknown[] = Array.isArray(found?.value) ? found.value : []
    return { kept: value.filter(isKept), version: found?.version ?? 0 }
  }
  const keyOf = ({ url }: Delivery): string => {
    const { pathname, search } = new URL(url, 'http://localhost')
    return `secrets/${provider}${pathname}${search}`
  }
  /**
   * Replaces the stored list by the result of `change`; if that is undefined, writes nothing. Returns false if another
   * writer changed the list during every try.
   */
  const update = async (
    delivery: Delivery,
    change: (kept: readonly Kept[]) => readonly Kept[] | undefined,
  ): Promise<boolean> => {
    const key = keyOf(delivery)
    for (let tries = 0; tries < TRIES; tries++) {
      const { kept, version } = await find(key)
      const next = change(kept)
      if (!next || (await records.set(key, next as Kept[], version))) return true
    }
    return false
  }
  return {
    async secret(delivery) {
      const { kept } = await find(keyOf(delivery))
      looked.set(delivery, kept)
      return kept.length === 0 ? undefined : kept.map(({ secret }) => secret)
    },
    async keep(secret, delivery) {
      const isStored = await update(delivery, (kept) => {
        if (kept.some((one) => one.secret === secret)) return undefined
        return [...withRoom(kept), { secret, proven: false }]
      })
      if (!isStored)
        throw new WebhookError('inbox_unavailable', 'the secret of a handshake could not be kept')
    },
    prove(delivery) {
      const kept = looked.get(delivery)
      const found = kept?.find(({ secret }) => verifies(secret, delivery))
      if (!found || found.proven) return undefined
      return update(
        delivery,
        (all) => all.map((one) => (one.secret === found.secret ? { ...one, proven: true } : one)),
        // The delivery is genuine, so a failed write must not reject it. The next delivery tries the write again.
      ).then(
        () => undefined,
        () => undefined,
      )
    },
  }
}

/**
 * Returns the list with room for a new secret: a full list loses the oldest secret that has not verified any delivery.
 */
function withRoom(kept: readonly Kept[]): readonly Kept[] {
  if (kept.length < MOST) return kept
  const oldest = kept.findIndex(({ proven }) => !proven)
  if (oldest < 0)
    throw new WebhookError(
      'handshake_rejected',
      {
        problem: 'other',
        text: `records has ${MOST} secrets for this URL, and each has verified deliveries; give each webhook a URL of its own`,
      },
      { status: 503 },
    )
  return kept.toSpliced(oldest, 1)
}

function isKept(value: unknown): value is Kept {
  const { secret, proven } = Object(value) as Partial<Kept>
  return typeof secret === 'string' && typeof proven === 'boolean'
}

function verifies(secret: string, delivery: Delivery): boolean {
  try {
    void SCHEME.verify(delivery, [SCHEME.key(secret)], 0)
    return true
  } catch {
    return false
  }
}
