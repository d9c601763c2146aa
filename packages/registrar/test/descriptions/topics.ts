// Writes the names that each sender's description or SDK lists as subscribable into `src/topics/`.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Json = Readonly<Record<string, unknown>>

export interface Sources {
  readonly unpack: (name: string, version: string) => string
  /** The introspection of Shopify's admin API. */
  readonly introspection: object
}

export function writeTopics({ unpack, introspection }: Sources): void {
  const octokit = unpack('@octokit/openapi', '23.0.2')
  write('github', '@octokit/openapi 23.0.2 (x-webhooks)', github(octokit))
  const stripe = unpack('stripe', '23.1.0')
  const snapshots = read(stripe, 'esm/resources/WebhookEndpoints.d.ts')
  writeStripe(
    quoted(/type EnabledEvent = ([^;]+);/, snapshots),
    thin(read(stripe, 'esm/resources/V2/Core/Events.d.ts')),
  )
  write('shopify', '@shopify/dev-mcp 1.16.0 (WebhookSubscriptionTopic)', shopify(introspection))
  const slack = read(unpack('@slack/web-api', '8.2.0'), 'dist/types/request/manifest.d.ts')
  write(
    'slack',
    '@slack/web-api 8.2.0 (ManifestEvent)',
    quoted(/type ManifestEvent = ([^;]+);/, slack),
  )
  const paddle = unpack('@paddle/paddle-node-sdk', '3.10.0')
  const paddleTypes = read(paddle, 'dist/types/notifications/helpers/types.d.ts')
  write(
    'paddle',
    '@paddle/paddle-node-sdk 3.10.0 (EventName)',
    quoted(/enum EventName \{([^}]+)\}/, paddleTypes),
  )
  const polar = read(
    unpack('@polar-sh/sdk', '0.49.0'),
    'dist/esm/models/components/webhookeventtype.d.ts',
  )
  write(
    'polar',
    '@polar-sh/sdk 0.49.0 (WebhookEventType)',
    quoted(/WebhookEventType: \{([^}]+)\}/, polar),
  )
  // The types and the library's code each lack some topics of the other.
  const chargebee = unpack('chargebee', '3.33.0')
  write('chargebee', 'chargebee 3.33.0 (EventTypeEnum, WebhookEventType)', [
    ...quoted(/type EventTypeEnum =([^;]+);/, read(chargebee, 'types/core.d.ts')),
    ...quoted(
      /WebhookEventType([^]+)/,
      read(chargebee, 'esm/resources/webhook/eventType.js'),
    ).filter((topic) => /^[a-z]/.test(topic)),
  ])
  const hubspot = unpack('@hubspot/api-client', '13.5.0')
  const models = 'lib/codegen/webhooks/models/SubscriptionCreateRequest.d.ts'
  write(
    'hubspot',
    '@hubspot/api-client 13.5.0 (SubscriptionCreateRequestEventTypeEnum)',
    quoted(/EventTypeEnum \{([^}]+)\}/, read(hubspot, models)),
  )
  const linear = read(unpack('@linear/sdk', '98.0.0'), 'dist/index-D2pH4Pk9.d.mts')
  write(
    'linear',
    '@linear/sdk 98.0.0 (WebhookResourceType)',
    quoted(/enum WebhookResourceType \{([^}]+)\}/, linear),
  )
  const telegram = read(unpack('@grammyjs/types', '5.0.0'), 'update.d.ts')
  write('telegram', '@grammyjs/types 5.0.0 (Update)', updates(telegram))
  write('square', 'square 46.0.0 (the types of events)', square(unpack('square', '46.0.0')))
}

function write(name: string, source: string, topics: readonly string[]): void {
  writeLists(name, source, [listOf(name.toUpperCase(), topics)])
}

/** Most snapshot events have a thin event whose name is the same after `v1.`. Such a name is written once. */
function writeStripe(snapshots: readonly string[], thins: readonly string[]): void {
  const isThin = (topic: string): boolean => thins.includes(`v1.${topic}`)
  writeLists('stripe', 'stripe 23.1.0 (EnabledEvent, V2.Core.EventNotification)', [
    '/** Snapshot events; the thin events of the same names start with `v1.`. */',
    listOf('STRIPE', snapshots.filter(isThin)),
    listOf(
      'STRIPE_SNAPSHOT',
      snapshots.filter((topic) => !isThin(topic)),
    ),
    listOf(
      'STRIPE_THIN',
      thins.filter((topic) => !snapshots.some((each) => topic === `v1.${each}`)),
    ),
  ])
}

function writeLists(name: string, source: string, lists: readonly string[]): void {
  const head = `// Written by test/descriptions/extract.ts from npm ${source}.`
  const file = join(import.meta.dirname, '../../src/topics', `${name}.ts`)
  writeFileSync(file, [head, ...lists, ''].join('\n'))
}

function listOf(name: string, topics: readonly string[]): string {
  const sorted = [...new Set(topics)].filter((topic) => topic !== '*').toSorted()
  const lines: string[] = []
  for (const topic of sorted) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + topic.length < 100)
      lines[lines.length - 1] = `${last} ${topic}`
    else lines.push(topic)
  }
  return [`export const ${name}_TOPICS: string = \``, ...lines, '`'].join('\n')
}

/** Returns the types of thin events that one can subscribe to. A ping is only sent on request. */
function thin(text: string): readonly string[] {
  const types = Array.from(text.matchAll(/ type: '(v\d+\.[^']+)'/g), ([, type]) => type!)
  return types.filter((type) => type !== 'v2.core.event_destination.ping')
}

function github(folder: string): readonly string[] {
  const document = JSON.parse(read(folder, 'generated/api.github.com.json')) as Json
  const hooks = (document['x-webhooks'] ?? document['webhooks']) as Record<string, { post: Json }>
  return Object.values(hooks).flatMap(({ post }) => {
    const parameters = post['parameters'] as readonly { name: string; example: string }[]
    const found = parameters.find(({ name }) => name.toLowerCase() === 'x-github-event')?.example
    const [, named] = /^(.+?)\//.exec(post['operationId'] as string) ?? []
    // In some operations the example is that of another event, so the operation's name comes first.
    const name = (named ?? found ?? '').replaceAll('-', '_')
    return name === '' || name === 'ping' ? [] : [name]
  })
}

function shopify(introspection: object): readonly string[] {
  const { data } = introspection as { data: { __schema: { types: readonly Json[] } } }
  const found = data.__schema.types.find(({ name }) => name === 'WebhookSubscriptionTopic')
  const values = found!['enumValues'] as readonly { name: string; description: string }[]
  return values.map(({ name, description }) => {
    const [, topic] = /`([a-z_0-9]+[/.][a-z_0-9/]+)`/.exec(description) ?? []
    return topic ?? name.toLowerCase()
  })
}

/** Returns the members of `Update`, without its id. */
function updates(text: string): readonly string[] {
  const [, inner = ''] = /interface Update \{([^]*?)\n\}/.exec(text) ?? []
  return [...inner.matchAll(/^ {4}([a-z_]+)\?:/gm)].map(([, name]) => name!)
}

function square(folder: string): readonly string[] {
  return globSync('api/types/*Event.d.ts', { cwd: folder }).flatMap((file) => {
    const [, topic] = /represents, `"([^"]+)"/.exec(read(folder, file)) ?? []
    return topic === undefined ? [] : [topic]
  })
}

function quoted(pattern: RegExp, text: string): readonly string[] {
  const [, inner] = pattern.exec(text) ?? []
  if (inner === undefined) throw new Error(`nothing matches ${pattern}`)
  return [...inner.matchAll(/["']([^"']+)["']/g)].map(([, topic]) => topic!)
}

function read(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8')
}
