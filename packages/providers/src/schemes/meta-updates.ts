import type { EventDraft } from '@postern/core/scheme'
import { field, items, member, needed, text } from '../common/read.ts'
import { digestId, joinedId } from './ids.ts'

/** An event, before it is put back into the envelope it came in. */
type Update = Omit<EventDraft, 'payload'> & {
  /** What is in the entry in place of all updates. */
  readonly only: object
}

/**
 * The updates of a delivery of Meta's, each an event of its own. Its payload is the envelope as if Meta had sent that
 * update alone, so that what is written for Meta's own shape reads it.
 *
 * @param exact - the body with its large integers exact: ids of leads and posts come as such.
 */
export function metaUpdates(body: unknown, exact: unknown): readonly EventDraft[] {
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
  // What another app of the page is to answer.
  const standby = list(entry, 'standby').map((item) => ({
    id: digestId([...at, item]),
    topic: `${object}.standby`,
    only: { standby: [item] },
  }))
  const all = [...changes, ...fields, ...messages, ...standby]
  // What has none of the lists is not to be lost.
  return all.length > 0 ? all : [{ id: digestId([...at, entry]), topic: object, only: {} }]
}

// Messages and statuses share one field. A status has the id of its message, once for each state.
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

// The subject's id is the event's if the change is that it came to be. A reaction, an edit or a removal has the id of
// what it is about, and so have the next ones: those are told apart by a digest.
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
  // Otherwise `delivery` and `read` up to the same moment would be one event.
  return kind === 'delivery' && seen !== undefined ? `${seen}:${kind}` : seen
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name)
  return Array.isArray(found) ? found : []
}
