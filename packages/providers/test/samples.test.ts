import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createDelivery } from '@postern/core'
import { loadXml } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'
import { fill, samples, type Sample } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const folder = new URL('../../samples/samples/', import.meta.url)
const files = readdirSync(folder)

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Senders with one topic, or with two. */
const ONE =
  words(`airtable cloudflare-access configcat cursor docker-hub doppler dropbox framer hookdeck-gateway rfc9421
  sendgrid-inbound-parse tally teams-outgoing`)
const TWO = words('alertmanager fal grafana typeform')

/** Senders whose events have no id. google-cloud-tasks has an id in a header, but cannot sign. */
const NO_IDS =
  words(`affirm airtable ashby bird braintree buildkite calendly clickup cloudflare-access cronofy doppler
  dropbox elevenlabs ghost google-cloud-tasks help-scout lemon-squeezy merge onfleet paystack plivo pusher retell rfc9421
  sendbird sendgrid-inbound-parse shippo sinch smartsheet terraform-cloud tiktok webflow zoom`)
/** Topics without an id, of senders whose other topics have an id. */
const SOME_IDS: Readonly<Record<string, RegExp>> = {
  discord: /^[A-Z_]+$/,
  intercom: /^ping$/,
  'microsoft-graph': /^[a-z]/,
}

function hasNoId(name: string, topic: string): boolean {
  return NO_IDS.has(name) || SOME_IDS[name]?.test(topic) === true
}

// Vectors of these senders have public keys or no secret, so `sign` needs these options.
const OPTIONS: Readonly<Record<string, object>> = {
  fal: catalogue.get('fal')!.example,
  keygen: catalogue.get('keygen')!.example,
  telnyx: catalogue.get('telnyx')!.example,
  wise: { secret: privateKey('rsa') },
  asana: { secret: 'a-secret-of-a-handshake' },
  cloudevents: { secret: 'a-bearer-token' },
  discord: { publicKey: `private:${'9d'.repeat(32)}` },
  'docker-hub': { secret: 'a-secret-in-the-url' },
  generic: { secret: 'a-secret', scheme: 'hmac', header: 'X-Signature', eventIdField: 'id' },
  rfc9421: { secret: 'a-shared-secret' },
  sendgrid: { publicKey: privateKey() },
  'sendgrid-inbound-parse': { publicKey: privateKey() },
  wechat: { token: 'a-token' },
}

await loadXml()
const entries = await Promise.all(
  [...catalogue.values()].map(async (entry) => ({ ...entry, drafts: await samples(entry.name) })),
)

test('the catalogue and the samples have the same names', () => {
  expect(files.toSorted()).toEqual([...catalogue.keys()].map((name) => `${name}.json`).toSorted())
})

test.each(files)('%s says whose it is and where its structure comes from', (file) => {
  const { provider, source } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  expect(`${provider}.json`).toBe(file)
  expect(source).toMatch(/^https:\/\/[^\s]+$/)
})

test.each(entries)('$name has samples of three topics, or of all', ({ name, drafts }) => {
  const topics = new Set(drafts.map(({ topic }) => topic))
  expect(topics.size).toBe(drafts.length)
  expect(topics.size).toBeGreaterThanOrEqual(ONE.has(name) ? 1 : TWO.has(name) ? 2 : 3)
})

const [signing, others] = [true, false].map((can) =>
  entries.filter(({ canSign }) => canSign === can),
)

describe.each(signing!)('signed samples of $name', ({ name, drafts }) => {
  test.each(drafts)('$topic is taken twice, as itself', async (draft) => {
    const provider = made(name)
    const filled = [fill(draft), fill(draft)]
    const { statuses, events } = await deliver(
      provider,
      filled.map((one) => provider.sign!(one)),
    )
    for (const status of statuses) expect(status).toBeOneOf([200, 202, 204])
    // Both are new events, since each has a fresh id.
    expect(events.map(({ topic }) => topic)).toEqual([draft.topic, draft.topic])
    for (const [at, { id, payload, delivery }] of events.entries()) {
      if (hasNoId(name, draft.topic)) expect(id).toBeUndefined()
      else expect(id).toEqual(draft.id === undefined ? expect.any(String) : filled[at]!.id)
      const sent = filled[at]!.payload
      const body = Buffer.from(delivery.body).toString()
      if (typeof sent === 'string') expect(body).toBe(sent)
      else expect(payload).toSatisfy((value) => holds(value, sent))
      expect(body).not.toContain('{{')
    }
  })
})

describe.each(others!)('samples of $name', ({ name, drafts }) => {
  test.each(drafts)('$topic is read as itself', (draft) => {
    const { id, topic } = read(made(name), fill(draft))
    expect(topic).toBe(draft.topic)
    const without = name === 'plaid' || hasNoId(name, draft.topic)
    expect(id).toEqual(without ? undefined : expect.any(String))
  })
})

function made(name: string): Provider {
  const entry = catalogue.get(name)!
  if (OPTIONS[name]) return entry.create(OPTIONS[name])
  const known = vectors(name).filter(({ expect: verdict }) => verdict === 'valid')
  const { secret, extra } = known.find((vector) => vector.secret) ?? known[0]!
  return entry.create({ ...extra, ...(secret && { [entry.secretOption!]: [secret].flat()[0] }) })
}

// A test cannot sign for this sender, so it only calls `events`.
function read(provider: Provider, { payload }: Sample) {
  const isText = typeof payload === 'string'
  const delivery = createDelivery({
    method: 'POST',
    url: 'https://example.com/webhooks',
    headers: { 'content-type': isText ? 'text/xml' : 'application/json' },
    body: isText ? payload : JSON.stringify(payload),
  })
  const body = isText
    ? ({ kind: 'xml', value: delivery.xml() } as const)
    : ({ kind: 'json', value: delivery.json() } as const)
  const [event, ...more] = provider.events(delivery, body)
  expect(more).toEqual([])
  return event!
}

/** Returns true if the value is the part, or contains it. In forms and XML, numbers are text. */
function holds(value: unknown, part: unknown): boolean {
  return (
    isLike(value, part) || (isObject(value) && Object.values(value).some((one) => holds(one, part)))
  )
}

function isLike(value: unknown, part: unknown): boolean {
  if (!isObject(part)) return !isObject(value) && String(value) === String(part)
  return (
    isObject(value) &&
    Object.entries(part).every(([name, one]) => isLike((value as typeof part)[name], one))
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function privateKey(type: 'ec' | 'rsa' = 'ec'): string {
  const { privateKey: key } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}
