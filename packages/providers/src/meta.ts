import { WebhookError, type Delivery, type Reply, type SecretOption } from '@postern/core'
import { checkSecret, mergeDeep, safeEqual, stringifyJson } from '@postern/core/internal'
import { hmac, type Factory, type EventDraft } from '@postern/core/scheme'
import { DAY, MIB } from './common/units.ts'
import { field, items, member, needed, text } from './common/read.ts'
import { CHALLENGE, challengeReply } from './schemes/challenge.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { digestId, joinedId } from './schemes/ids.ts'
import { sampleJson } from './common/paths.ts'

/** Options of {@link meta}. */
export interface MetaOptions extends PresetOptions<'appSecret'> {
  /** The app secret. */
  readonly appSecret: SecretOption
  /** The verify token that you enter when you subscribe. @default none, so no subscription can be confirmed */
  readonly verifyToken?: string
}

/**
 * Meta: WhatsApp Cloud API, Messenger, Instagram, Pages, Threads, Lead Ads. The signature is HMAC-SHA256 over the body,
 * in `X-Hub-Signature-256`. The older SHA-1 signature is ignored. A delivery is a batch of up to 1000 updates. Each
 * update is an event whose payload is the envelope with only that update. The topic is `object.field` (`page.feed`).
 * WhatsApp has `whatsapp_business_account.messages` and `.statuses`; Messenger has `page.message`, `page.postback`,
 * `page.read` … The id is the id of the message, comment, lead or post, or else a digest of the update. For a message's
 * status, the status follows the id (`wamid…:read`). If the unsigned GET has your verify token, the receiver answers
 * with its `hub.challenge`. Meta retries for 36 hours and WhatsApp possibly for 7 days, so the dedupe window must be at
 * least as long. Meta expects a 200 within seconds.
 * https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export const meta: Factory<MetaOptions> = /* @__PURE__ */ sender({
  name: 'meta',
  title: 'Meta',
  docs: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
  setup: {
    steps: ['App Dashboard', '<app>', 'Webhooks', 'Callback URL'],
    url: 'https://developers.facebook.com/apps',
    secret: '<app> → Basic Settings → App Secret',
  },
  notSecret: [
    [/^EAA[A-Za-z\d]{20,}/, 'an access token'],
    [/^\d{12,20}$/, 'the id of the app'],
  ],
  topics: [
    'whatsapp_business_account.messages',
    'whatsapp_business_account.statuses',
    'page.message',
    'page.feed',
    'page.leadgen',
    'instagram.comments',
  ],
  handshakes: ['GET hub.challenge'],
  facts: {
    challenge: {
      query: {
        'hub.mode': 'subscribe',
        'hub.challenge': '{text}',
        'hub.verify_token': '{option:verifyToken}',
      },
    },
  },
  checked: '2026-11-28',
  delivers: {
    largest: 4 * MIB,
    retries: 7 * DAY,
    after4xx: 'retried',
    givesUp: 'Messenger and Instagram unsubscribe the app after an hour of failures',
    ok: '200',
  },
  hint: 'The app secret.',
  extra: {
    verifyToken: 'The verify token of your subscriptions.',
  },
  challenge: CHALLENGE,
  secret: 'appSecret',
  covers: { body: 'bytes', id: true },
  methods: ['POST', 'GET'],
  sign(_given, { verifyToken }: Pick<MetaOptions, 'verifyToken'>) {
    if (verifyToken !== undefined) checkSecret('meta: verifyToken', verifyToken)
    return hmac({ header: 'X-Hub-Signature-256', prefix: 'sha256=' })
  },
  credentials: { query: ['hub.verify_token'] },
  greet: (delivery, { verifyToken }) =>
    delivery.method === 'GET' ? confirm(delivery, verifyToken) : undefined,
  events: (delivery, { value }) => metaUpdates(value, delivery.json('exact')),
  compose({ topic = 'page.feed', id, at = Date.now(), payload }) {
    const [object = topic, name = 'feed'] = topic.split('.', 2)
    // A payload with an `entry` is a complete body, such as a Messenger message, and needs no envelope.
    if (field(payload, 'entry') !== undefined) return { body: sampleJson({ object }, payload) }
    const value = mergeDeep({ ...(id !== undefined && { id }) }, payload)
    const isWhatsapp = object === 'whatsapp_business_account' && name === 'messages'
    const change = isWhatsapp
      ? { field: name, value: { messaging_product: 'whatsapp', messages: [value] } }
      : { field: name, value }
    return { body: stringifyJson({ object, entry: [{ id: '1', time: at, changes: [change] }] }) }
  },
})

function confirm(delivery: Delivery, verifyToken: string | undefined): Reply {
  const query = delivery.query()
  const tokens = query.getAll('hub.verify_token')
  const isSubscribe = query.getAll('hub.mode').join() === 'subscribe'
  if (verifyToken === undefined || tokens.length !== 1 || !safeEqual(tokens[0]!, verifyToken))
    throw new WebhookError(
      'wrong_verify_token',
      verifyToken === undefined
        ? {
            problem: 'unexpected',
            parameter: 'hub.verify_token',
            option: 'verifyToken',
            remedy: 'give verifyToken',
          }
        : { problem: 'not_allowed', parameter: 'hub.verify_token', expected: 'verifyToken' },
    )
  if (!isSubscribe)
    throw new WebhookError('handshake_rejected', {
      problem: 'not_allowed',
      parameter: 'hub.mode',
      expected: 'subscribe',
    })
  return challengeReply(query, 'hub.challenge')
}

type Update = Omit<EventDraft, 'payload'> & {
  /** Members that replace the entry's lists, so that the entry has only this update. */
  readonly only: object
}

/** Returns one event per update. Ids of leads and posts exceed 2^53, so all ids are read with exact integers. */
function metaUpdates(body: unknown, exact: unknown): readonly EventDraft[] {
  const ids = updates(exact).map(({ id }) => id)
  return updates(body).map((event, at) => ({ ...event, id: ids[at] }))
}

function updates(body: unknown): readonly EventDraft[] {
  const object = needed(body, 'object')
  return items(body, 'entry').flatMap((entry) =>
    updatesOf(object, entry).map(({ only, ...event }) => {
      const rest = Object.entries(entry ?? {}).filter(([name]) => !LISTS.includes(name))
      return { ...event, payload: { object, entry: [{ ...Object.fromEntries(rest), ...only }] } }
    }),
  )
}

const LISTS = ['changes', 'changed_fields', 'messaging', 'standby']

function updatesOf(object: string, entry: unknown): readonly Update[] {
  const at = [object, member(entry, 'id'), member(entry, 'time')]
  const changes = list(entry, 'changes').flatMap((change) =>
    object === 'whatsapp_business_account'
      ? whatsapp(object, change, at)
      : [changed(object, change, at)],
  )
  const fields = list(entry, 'changed_fields').map((name) => ({
    id: digestId([...at, name]),
    topic: `${object}.${String(name)}`,
    only: { changed_fields: [name] },
  }))
  const messages = list(entry, 'messaging').map((item) => messaging(object, item, at))
  // Another app of the page answers the messages in `standby`, so these messages have a topic of their own.
  const standby = list(entry, 'standby').map((item) => ({
    id: digestId([...at, item]),
    topic: `${object}.standby`,
    only: { standby: [item] },
  }))
  const all = [...changes, ...fields, ...messages, ...standby]
  // An entry without any of the lists becomes one event, so that it is not lost.
  return all.length > 0 ? all : [{ id: digestId([...at, entry]), topic: object, only: {} }]
}

// Returns the updates in a WhatsApp change, which may have messages and statuses. All statuses of a message have the
// message's id, so the status becomes part of the event's id.
function whatsapp(object: string, change: unknown, at: readonly unknown[]): readonly Update[] {
  const value = field(change, 'value')
  const found = ['messages', 'statuses'].flatMap((kind) =>
    list(value, kind).map((item) => {
      const { messages: _messages, statuses: _statuses, ...rest } = value as Record<string, unknown>
      const id = kind === 'messages' ? member(item, 'id') : joinedId(item, 'id', 'status')
      const only = { ...(change as object), value: { ...rest, [kind]: [item] } }
      return { id, topic: `${object}.${kind}`, only: { changes: [only] } }
    }),
  )
  return found.length > 0 ? found : [changed(object, change, at)]
}

function changed(object: string, change: unknown, at: readonly unknown[]): Update {
  const topic = `${object}.${needed(change, 'field')}`
  const id = subjectOf(field(change, 'value')) ?? digestId([...at, change])
  return { id, topic, only: { changes: [change] } }
}

// Returns the id of a new post, comment or lead. A reaction, an edit or a removal has no id of its own, but only the id
// of the changed post or comment. For these changes, the result is undefined.
function subjectOf(value: unknown): string | undefined {
  const verb = text(value, 'verb')
  const item = text(value, 'item')
  if ((verb !== undefined && verb !== 'add') || item === 'reaction' || item === 'like')
    return undefined
  if (member(value, 'status') !== undefined && member(value, 'id') !== undefined)
    return joinedId(value, 'id', 'status')
  const names = item === 'comment' ? ['comment_id'] : ['id', 'comment_id', 'leadgen_id', 'post_id']
  return names.map((name) => member(value, name)).find((id) => id !== undefined)
}

const ABOUT = ['sender', 'recipient', 'timestamp']

function messaging(object: string, item: unknown, at: readonly unknown[]): Update {
  const kinds = Object.keys(item ?? {}).filter((name) => !ABOUT.includes(name))
  const kind = kinds.find((name) => KINDS.includes(name)) ?? kinds[0] ?? 'messaging'
  return {
    id: messagingId(item, kind) ?? digestId([...at, item]),
    topic: `${object}.${kind}`,
    only: { messaging: [item] },
  }
}

const KINDS = ['message', 'postback', 'reaction', 'read', 'delivery', 'optin', 'referral']

function messagingId(item: unknown, kind: string): string | undefined {
  if (kind === 'message' || kind === 'postback') return member(item, `${kind}.mid`)
  if (kind === 'reaction') return joinedId(item, 'reaction.mid', 'reaction.action')
  const seen = joinedId(item, 'sender.id', `${kind}.watermark`)
  // A `delivery` and a `read` may have the same `watermark` (a time), so the id of a `delivery` ends with `:delivery`.
  return kind === 'delivery' && seen !== undefined ? `${seen}:${kind}` : seen
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name)
  return Array.isArray(found) ? found : []
}
