import {
  WebhookError,
  type Delivery,
  type MaybePromise,
  type Reply,
  type SecretOption,
} from '@postern/core'
import type { Records } from '@postern/core/inbox'
import {
  type Composed,
  hmac,
  mergeDeep,
  singleHeader,
  stringifyJson,
  type Draft,
  type EventDraft,
  type Factory,
  type ParsedBody,
} from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY, MIB } from './common/units.ts'
import { items, member } from './common/read.ts'

/** Options of {@link asana}. */
export interface AsanaOptions {
  /**
   * The `X-Hook-Secret` of the webhook; each webhook has its own. A function looks it up if it arrives by handshake.
   * @default those in `records`, else none, so that only the handshake is answered
   */
  readonly secret?: SecretOption
  /**
   * Whether a handshake is expected now. Anybody can send one, and who plants a secret can sign events: say true while a
   * create call of yours waits for its answer, and for the URL it named. @default false
   */
  readonly acceptHandshake?: boolean | ((delivery: Delivery) => MaybePromise<boolean>)
  /** Keeps the secret of a handshake; the reply waits for it, so that a secret that was not kept makes no webhook. */
  readonly onSecret?: (secret: string, delivery: Delivery) => MaybePromise<void>
  /**
   * The records of an inbox (`inbox.records`) that keep the secrets of handshakes, as they are, and find them again by
   * the path and query of the URL: give each webhook a URL of its own. @default none
   */
  readonly records?: Records
}

// No comma, which would be two lines that a host has joined, and no brace: a body is no secret.
const SECRET = /^[\w.~+/=:-]{1,256}$/

/**
 * Asana. HMAC-SHA256 over the body in `X-Hook-Signature`, with the secret Asana chose: it comes in the first request of a
 * webhook, whose `X-Hook-Secret` is echoed, while the create call still waits. A delivery is a batch of events, or none
 * (a heartbeat). Topic is `resource_type.action` (`task.changed`). Events have no id; ours is made of resource, action,
 * field, time, user and parent, all signed. Asana wants its 2xx within 10 s and retries for 24 hours; 410 deletes the
 * webhook.
 * https://developers.asana.com/docs/webhooks-guide
 */
export const asana: Factory<AsanaOptions> = /* @__PURE__ */ provider({
  name: 'asana',
  title: 'Asana',
  docs: 'https://developers.asana.com/docs/webhooks-guide',
  setup: {
    call: 'POST https://app.asana.com/api/1.0/webhooks',
    secret: 'X-Hook-Secret of the first request to your URL, which the receiver keeps',
    docs: 'https://developers.asana.com/docs/webhooks-guide',
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
  scheme: () => hmac({ header: 'X-Hook-Signature' }),
  credentials: { headers: ['x-hook-secret'] },
  reads: ['x-hook-secret'],
  greet: (delivery, options) =>
    greet(delivery, options, async (secret) => {
      await options.kept?.keep(secret, delivery)
      await options.onSecret?.(secret, delivery)
    }),
  events,
  compose,
})

const nobody = (): undefined => undefined

async function greet(
  delivery: Delivery,
  { acceptHandshake = false }: AsanaOptions,
  keep: (secret: string) => Promise<void>,
): Promise<Reply | undefined> {
  const isSigned = delivery.header('x-hook-signature') !== undefined
  if (isSigned || delivery.header('x-hook-secret') === undefined) return undefined
  const secret = singleHeader(delivery, 'x-hook-secret')
  const isExpected =
    typeof acceptHandshake === 'function' ? await acceptHandshake(delivery) : acceptHandshake
  if (!isExpected || !SECRET.test(secret))
    throw new WebhookError(
      'handshake_refused',
      isExpected
        ? { problem: 'malformed', header: 'x-hook-secret', expected: 'a secret' }
        : { problem: 'unexpected', header: 'x-hook-secret', option: 'acceptHandshake' },
    )
  await keep(secret)
  return { status: 200, headers: { 'x-hook-secret': secret } }
}

function events(_delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  return items(value, 'events').map((event) => {
    const type = member(event, 'resource.resource_type')
    const action = member(event, 'action')
    return { id: idOf(event), topic: type && action ? `${type}.${action}` : '', payload: event }
  })
}

const PARTS = ['action', 'change.field', 'created_at', 'user.gid', 'parent.gid']

function idOf(event: unknown): string | undefined {
  const resource = member(event, 'resource.gid')
  if (resource === undefined || member(event, 'created_at') === undefined) return undefined
  return [resource, ...PARTS.map((path) => member(event, path) ?? '')].join(':')
}

function compose({ topic = 'task.changed', payload, at = Date.now() }: Draft): Composed {
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
}

const MOST = 20
const TRIES = 5

/** Secrets that arrived by handshake. */
interface RecordedSecrets {
  /** The secrets kept for the URL of a delivery; undefined if there are none. */
  readonly secret: (delivery: Delivery) => Promise<readonly string[] | undefined>
  /** Keeps one more for the URL of its handshake. Throws `inbox_unavailable` if it cannot be kept. */
  readonly keep: (secret: string, delivery: Delivery) => Promise<void>
}

/** Keeps secrets in the records of an inbox, apart by path and query: each process that has the inbox knows them. */
function recordedSecrets(records: Records, provider: string): RecordedSecrets {
  const find = async (
    key: string,
  ): Promise<{ readonly secrets: readonly string[]; readonly version: number }> => {
    const found = await records.get(key)
    const value = Array.isArray(found?.value) ? found.value : []
    return {
      secrets: value.filter((one): one is string => typeof one === 'string'),
      version: found?.version ?? 0,
    }
  }
  const keyOf = ({ url }: Delivery): string => {
    const { pathname, search } = new URL(url, 'http://localhost')
    return `secrets/${provider}${pathname}${search}`
  }
  return {
    async secret(delivery) {
      const { secrets } = await find(keyOf(delivery))
      return secrets.length === 0 ? undefined : secrets
    },
    async keep(secret, delivery) {
      const key = keyOf(delivery)
      for (let tries = 0; tries < TRIES; tries++) {
        const { secrets, version } = await find(key)
        if (secrets.includes(secret)) return
        // The oldest goes: a webhook that was made again leaves its old secret behind.
        if (await records.set(key, [...secrets.slice(1 - MOST), secret], version)) return
      }
      throw new WebhookError('inbox_unavailable', 'the secret of a handshake could not be kept')
    },
  }
}
