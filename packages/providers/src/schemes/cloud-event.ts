import { Buffer } from 'node:buffer'
import { WebhookError, type Delivery } from '@postern/core'
import { type EventDraft, type ParsedBody } from '@postern/core/scheme'
import { field, text } from '../common/read.ts'

/**
 * The events of a delivery in one of the three modes of CloudEvents' HTTP binding, chosen by Content-Type. The topic is
 * `type`, the id `source:id`. The payload is the event in its JSON form; in binary mode `data` is the body as it was read.
 *
 * @throws WebhookError `unidentified` where a required attribute is missing; `unsupported_media_type` for a format that is
 * not JSON.
 */
export function cloudEvents(delivery: Delivery, body: ParsedBody): readonly EventDraft[] {
  const type = (delivery.header('content-type') ?? '').trim().toLowerCase()
  if (!type.startsWith('application/cloudevents')) return [draft(binary(delivery, body))]
  if (body.kind !== 'json')
    throw new WebhookError('unsupported_media_type', 'CloudEvents are read as JSON alone')
  if (!type.startsWith('application/cloudevents-batch')) return [draft(body.value)]
  if (!Array.isArray(body.value))
    throw new WebhookError('unidentified', 'a batch of CloudEvents must be an array')
  return (body.value as unknown[]).map(draft)
}

function draft(event: unknown): EventDraft {
  for (const name of ['specversion', 'id', 'source', 'type'])
    if (text(event, name) === undefined)
      throw new WebhookError('unidentified', `the CloudEvent has no ${name}`)
  if (field(event, 'specversion') !== '1.0')
    throw new WebhookError('unidentified', 'only version 1.0 of CloudEvents is read')
  const [source, id, topic] = [text(event, 'source')!, text(event, 'id')!, text(event, 'type')!]
  return { id: `${source}:${id}`, topic, payload: event }
}

function binary(delivery: Delivery, { value }: ParsedBody): unknown {
  const event: Record<string, unknown> = {}
  for (const [header, line] of delivery.headerLines()) {
    if (!header.startsWith('ce-')) continue
    const name = header.slice(3)
    if (name === 'datacontenttype' || name === 'data' || name in event)
      throw new WebhookError('unidentified', `the header ${header} cannot be there, or not twice`)
    event[name] = decode(line.trim(), header)
  }
  const datacontenttype = delivery.header('content-type')
  return { ...event, ...(datacontenttype && { datacontenttype }), data: value }
}

// Percent-encoded UTF-8 (HTTP binding, section 3.1.3.2); quotes come from older senders.
function decode(value: string, header: string): string {
  const bare = /^"(?:[^"\\]|\\.)*"$/.test(value)
    ? value.slice(1, -1).replace(/\\(.)/g, '$1')
    : value
  const bytes = Buffer.from(
    bare.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  )
  if (!bare.includes('%')) return bare
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new WebhookError('unidentified', `the header ${header} is not percent-encoded UTF-8`)
  }
}
