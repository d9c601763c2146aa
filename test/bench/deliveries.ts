import { createHmac } from 'node:crypto'

/** Provider whose signature scheme a request uses. */
export type Sender = 'github' | 'stripe' | 'standard-webhooks' | 'slack' | 'twilio' | 'xml'

export interface BenchDelivery {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * The header with the event id, by provider. The load generator makes its value unique. Only unsigned headers are
 * listed.
 */
export const ID_HEADERS: Readonly<Partial<Record<Sender, string>>> = {
  github: 'x-github-delivery',
  twilio: 'i-twilio-idempotency-token',
  xml: 'x-event-id',
}

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** The URL that Twilio signs. Receivers get it as an option, because the real port changes. */
export const PUBLIC_URL = 'https://bench.example/hook'

/** Creates a signed delivery with a body of about `bytes` bytes. */
export function delivery(sender: Sender, bytes: number): BenchDelivery {
  // Receivers accept this timestamp for five minutes.
  const time = String(Math.floor(Date.now() / 1000))
  switch (sender) {
    case 'github': {
      const body = json({ action: 'opened', number: 1 }, bytes)
      return {
        headers: {
          'content-type': 'application/json',
          'user-agent': 'GitHub-Hookshot/0000000',
          'x-github-event': 'issues',
          'x-hub-signature-256': `sha256=${mac('sha256', SECRET, [body], 'hex')}`,
        },
        body,
      }
    }
    case 'stripe': {
      const body = json({ id: 'evt_1', object: 'event', type: 'invoice.paid' }, bytes)
      const signature = mac('sha256', SECRET, [`${time}.`, body], 'hex')
      return {
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': `t=${time},v1=${signature}`,
        },
        body,
      }
    }
    case 'standard-webhooks': {
      const body = json({ type: 'user.created' }, bytes)
      const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
      const signature = mac('sha256', key, [`msg_1.${time}.`, body], 'base64')
      return {
        headers: {
          'content-type': 'application/json',
          ...prefixed('webhook', signature, time),
          ...prefixed('svix', signature, time),
        },
        body,
      }
    }
    case 'slack': {
      const body = json(
        { type: 'event_callback', team_id: 'T1', event_id: 'Ev1', event: { type: 'app_mention' } },
        bytes,
      )
      const signature = mac('sha256', SECRET, [`v0:${time}:`, body], 'hex')
      return {
        headers: {
          'content-type': 'application/json',
          'x-slack-request-timestamp': time,
          'x-slack-signature': `v0=${signature}`,
        },
        body,
      }
    }
    case 'twilio': {
      const body = form(bytes)
      const pairs = [...new URLSearchParams(body.toString())].sort(([a], [b]) => (a < b ? -1 : 1))
      const signature = mac('sha1', SECRET, [PUBLIC_URL, ...pairs.flat()], 'base64')
      return {
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-twilio-signature': signature,
        },
        body,
      }
    }
    case 'xml': {
      const body = xml(bytes)
      return {
        headers: {
          'content-type': 'text/xml; charset=utf-8',
          'x-signature': mac('sha256', SECRET, [body], 'hex'),
        },
        body,
      }
    }
  }
}

function prefixed(name: string, signature: string, time: string): Record<string, string> {
  return {
    [`${name}-id`]: 'msg_1',
    [`${name}-timestamp`]: time,
    [`${name}-signature`]: `v1,${signature}`,
  }
}

function mac(
  algorithm: string,
  key: string | Buffer,
  parts: readonly (string | Buffer)[],
  encoding: 'hex' | 'base64',
): string {
  const hmac = createHmac(algorithm, key)
  for (const part of parts) hmac.update(part)
  return hmac.digest(encoding)
}

/**
 * Creates a body like those of REST APIs: small objects of numbers, flags, short texts and URLs, about 230 bytes each.
 */
function json(head: object, bytes: number): Buffer {
  const items: object[] = []
  for (let size = JSON.stringify(head).length + 14; ;) {
    const item = label(items.length)
    size += JSON.stringify(item).length + 1
    if (size > bytes && items.length > 0) break
    items.push(item)
  }
  return Buffer.from(JSON.stringify({ ...head, labels: items }))
}

function label(at: number): object {
  return {
    id: 1_296_269 + at,
    node_id: `MDU6TGFiZWwyMDgwNDU5NDY${at}`,
    url: `https://api.github.com/repos/octocat/Hello-World/labels/${at}`,
    name: `label "${at}"`,
    color: 'f29513',
    default: at % 2 === 0,
    creator: { login: 'octocat', id: at, site_admin: false, plan: null },
  }
}

function form(bytes: number): Buffer {
  const fields = new URLSearchParams({
    MessageSid: 'SM00000000000000000000000000000001',
    SmsStatus: 'received',
  })
  for (let at = 0; fields.toString().length < bytes - 40; at++)
    fields.set(`Field${at}`, `Hällo wörld & so on ${at}`)
  return Buffer.from(fields.toString())
}

function xml(bytes: number): Buffer {
  const lines: string[] = []
  for (let size = 80, at = 0; size < bytes - 120; at++) {
    const line = `<line no="${at}"><sku>A-${at}</sku><name>Tea &amp; cake</name><price currency="EUR">${at}.50</price></line>`
    lines.push(line)
    size += line.length
  }
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?><order>${lines.join('')}</order>`)
}
