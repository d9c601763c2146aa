import { unknownOptions } from '@postern/core/engine'
import { RegistrarError } from '../errors.ts'
import type { Endpoint, Plan, EndpointSettings, Shape, Step, Want } from '../registrar.ts'
import type { RegistrarSpec } from './spec.ts'
import { mapTopics } from './map.ts'
import { checkUrl } from './options.ts'

const WANT = ['url', 'topics', 'previousUrls', 'all']

/**
 * Makes the plan that turns the endpoints `has` into the wanted ones. Throws a `TypeError` if `want` is wrong, or if
 * the sender's API has none of the topics or needs too many subscriptions.
 */
export function makePlan(spec: RegistrarSpec, want: Want, has: readonly Endpoint[]): Plan {
  checkWant(want)
  const map = mapTopics(want.topics, spec.names)
  if (map.topics.length === 0)
    throw new TypeError(
      `topics: must have one that ${spec.provider} can subscribe to by its API, got ${want.topics.join(', ')}`,
    )
  if (spec.most !== undefined && map.topics.length > spec.most && want.all !== true)
    throw new TypeError(
      `topics: become ${map.topics.length} subscriptions at ${spec.provider}; name the topics, or give all: true`,
    )
  const topics = spec.topics === 'fixed' ? [] : map.topics
  const steps =
    spec.one === 'account'
      ? stepsOf(spec, want, topics, has, has)
      : spec.one === 'topic'
        ? perTopic(spec, want, topics, ours(spec, has, want))
        : stepsOf(spec, want, topics, ours(spec, has, want), has)
  const { provider, account } = spec
  return {
    provider,
    account,
    want,
    map,
    steps,
    warnings: warningsOf(spec, want, map, ours(spec, has, want)),
  }
}

function checkWant(want: Want): void {
  unknownOptions('plan', want, WANT)
  checkUrl('url', want.url, /^https:$/)
  for (const url of want.previousUrls ?? []) checkUrl('previousUrls', url)
}

function ours(spec: RegistrarSpec, has: readonly Endpoint[], want: Want): readonly Endpoint[] {
  const urls = [want.url, ...(want.previousUrls ?? [])]
  return has.filter(
    (endpoint) => urls.includes(endpoint.url) && spec.leaves?.(endpoint, want) !== true,
  )
}

/**
 * Plans for a sender where one endpoint has all topics. Keeps the endpoint with the wanted URL, or moves one with an
 * earlier URL. Deletes the others, because they would deliver each event twice.
 */
function stepsOf(
  spec: RegistrarSpec,
  want: Want,
  topics: readonly string[],
  mine: readonly Endpoint[],
  has: readonly Endpoint[],
): readonly Step[] {
  const after = { url: want.url, topics, ...(spec.settings && { settings: spec.settings }) }
  const first = best(mine, after)
  if (first === undefined) {
    const why = has.length === 0 ? 'the account has no endpoint' : 'no endpoint has this URL'
    return [{ do: 'create', kind: spec.kind, after, why }]
  }
  if (spec.one === 'account') checkTaken(spec, want, first)
  if (waits(first, want.url)) return []
  const rest = mine.filter((endpoint) => endpoint !== first)
  return [
    ...change(spec, first, after),
    ...rest.map((endpoint) =>
      drop(spec, endpoint, 'a second endpoint would deliver each event twice'),
    ),
  ]
}

/** Throws `taken` if the account's only endpoint has another receiver's URL, unless `previousUrls` names that URL. */
function checkTaken(spec: RegistrarSpec, { url, previousUrls = [] }: Want, has: Endpoint): void {
  if (has.url === '' || has.url === url || previousUrls.includes(has.url)) return
  throw new RegistrarError(
    'taken',
    `previousUrls: must include the URL at ${hostOf(has.url)}, the current and only URL at ${spec.provider}; add this URL to allow its replacement`,
  )
}

function perTopic(
  spec: RegistrarSpec,
  want: Want,
  topics: readonly string[],
  mine: readonly Endpoint[],
): readonly Step[] {
  const used = new Set<Endpoint>()
  const steps = topics.flatMap((topic): readonly Step[] => {
    const settings = spec.settings && { settings: spec.settings }
    const after = { url: want.url, topics: [topic], ...settings }
    const found = best(
      mine.filter((endpoint) => endpoint.topics[0] === topic),
      after,
    )
    if (found === undefined)
      return [{ do: 'create', kind: spec.kind, after, why: `nothing is subscribed to ${topic}` }]
    used.add(found)
    if (waits(found, want.url)) return []
    return change(spec, found, after)
  })
  // Until a new endpoint is confirmed, the old endpoints must deliver, so nothing is deleted yet.
  if ([...used].some((endpoint) => waits(endpoint, want.url))) return steps
  const rest = mine.filter((endpoint) => !used.has(endpoint))
  return [...steps, ...rest.map((endpoint) => drop(spec, endpoint, whyDropped(endpoint, topics)))]
}

function whyDropped({ topics: [topic = ''] }: Endpoint, wanted: readonly string[]): string {
  return wanted.includes(topic)
    ? 'a second endpoint would deliver each event twice'
    : `no pattern needs ${topic}`
}

function best(mine: readonly Endpoint[], after: Shape): Endpoint | undefined {
  const same = mine.filter((endpoint) => endpoint.url === after.url)
  return same.find((endpoint) => differences(endpoint, after).length === 0) ?? same[0] ?? mine[0]
}

function waits({ state, url }: Endpoint, wanted: string): boolean {
  return state === 'pending' && url === wanted
}

function change(spec: RegistrarSpec, endpoint: Endpoint, after: Shape): readonly Step[] {
  const gone =
    endpoint.state === 'failed'
      ? [{ name: 'state', why: 'the sender stopped delivering to it' }]
      : []
  const differs = [...gone, ...differences(endpoint, after)]
  if (differs.length === 0) return []
  const fixed = differs.filter(
    ({ name }) => spec.update === undefined || name === 'state' || spec.fixed?.includes(name),
  )
  const why = differs.map((difference) => difference.why).join('; ')
  const before = shapeOf(endpoint, spec.settings)
  const base = { kind: spec.kind, id: endpoint.id, before, after }
  if (fixed.length === 0) return [{ do: 'update', ...base, why }]
  const names = fixed.map(({ name }) => name).join(' and ')
  return [{ do: 'replace', ...base, why: `${why}; ${spec.provider} cannot change ${names}` }]
}

function drop(spec: RegistrarSpec, endpoint: Endpoint, why: string): Step {
  const before = shapeOf(endpoint, spec.settings)
  // Stripe has two kinds of endpoints. An endpoint of Stripe has its kind in its settings.
  const kind = String(endpoint.settings?.['kind'] ?? spec.kind)
  return { do: 'delete', kind, id: endpoint.id, before, why }
}

function shapeOf(
  { url, topics, settings = {} }: Endpoint,
  wanted: EndpointSettings | undefined,
): Shape {
  const compared = Object.keys(wanted ?? {}).filter((name) => name in settings)
  return {
    url,
    topics,
    ...(wanted && {
      settings: Object.fromEntries(compared.map((name) => [name, settings[name]!])),
    }),
  }
}

function differences(
  endpoint: Endpoint,
  after: Shape,
): readonly { readonly name: string; readonly why: string }[] {
  const found = []
  if (endpoint.url !== after.url) found.push({ name: 'url', why: 'the URL has changed' })
  const missing = after.topics.filter((topic) => !endpoint.topics.includes(topic))
  const further = endpoint.topics.filter((topic) => !after.topics.includes(topic))
  if (missing.length + further.length > 0) {
    const changes = [...missing.map((topic) => `+${topic}`), ...further.map((topic) => `-${topic}`)]
    found.push({ name: 'topics', why: `topics ${changes.join(' ')}` })
  }
  for (const [name, value] of Object.entries(after.settings ?? {})) {
    const is = endpoint.settings?.[name]
    if (is !== value) found.push({ name, why: `${name} is ${String(is)} and must be ${value}` })
  }
  return found
}

function warningsOf(
  spec: RegistrarSpec,
  want: Want,
  map: Plan['map'],
  has: readonly Endpoint[],
): readonly string[] {
  const pending = has.filter((endpoint) => waits(endpoint, want.url))
  const off = has.filter((endpoint) => endpoint.url === want.url && !endpoint.enabled)
  return [
    ...map.wider.map(
      ({ pattern, becomes }) =>
        `${pattern} becomes ${becomes}: more events arrive than the pattern matches`,
    ),
    ...map.unknown.map((pattern) => `${pattern} matches no topic of ${spec.provider}`),
    ...map.manual.map(({ pattern, why }) => `${pattern}: ${why}`),
    ...pending.map(
      ({ id }) => `${spec.kind} ${id} is not verified yet: confirm it, and plan again`,
    ),
    ...off.map(({ id }) => `${spec.kind} ${id} is turned off, and applying leaves it off`),
    ...(spec.warn?.(want) ?? []),
  ]
}

function hostOf(url: string): string {
  return URL.canParse(url) ? `the URL at ${new URL(url).host}` : 'the present URL'
}
