import type { About } from './about.ts'
import { headed } from './auth.ts'
import { deliversOf, type Delivers } from './facts.ts'
import type { Provider } from './provider.ts'
import type { Scheme } from './scheme.ts'
import type { ProviderSpec } from './spec.ts'

/** The facts of a spec for documentation, command lines and tests. */
export function aboutSpec<Options extends object, Key, Ready>(
  spec: ProviderSpec<Options, Key, Ready>,
  create: About['create'],
): About {
  const secretOption = spec.secret ?? ('secret' in spec.options ? 'secret' : undefined)
  const { scheme, place, tolerance, challenge, checked = 'unknown' } = spec.facts ?? {}
  const example =
    spec.facts?.example ??
    (secretOption === undefined ? {} : { [secretOption]: 'an-example-secret' })
  // Made when somebody asks: an app asks never.
  let made: Partial<Scheme> | undefined
  const own = (): Partial<Scheme> => (made ??= exampleScheme(spec, example as Options))
  const delivers = deliversOf(spec.docs ?? '', spec.facts?.delivers)
  const { retrySpan } = plainOf(spec)
  return {
    name: spec.name,
    title: spec.title ?? spec.name,
    docs: spec.docs ?? '',
    ...(spec.setup && { setup: spec.setup }),
    create,
    get scheme() {
      return scheme ?? own().words ?? 'unknown'
    },
    get place() {
      return place ?? own().place
    },
    get tolerance() {
      return tolerance ?? (spec.facts ? (own().tolerance ?? 'none') : 'unknown')
    },
    get forms() {
      return own().forms ?? []
    },
    example,
    checked,
    delivers,
    ...(secretOption !== undefined && { secretOption }),
    options: spec.options,
    topics: spec.topics ?? [],
    handshakes: spec.handshakes ?? [],
    ...(challenge && { challenge }),
    methods: spec.methods ?? ['POST'],
    formats: spec.formats ?? ['json'],
    codings: spec.codings ?? {},
    charsets: spec.charsets ?? ['utf-8'],
    ...(spec.covers && { covers: headed(spec.covers, spec.topicHeader) }),
    repeats: spec.repeats ?? true,
    ...(retrySpan !== undefined && { retrySpan }),
    canSign: spec.canSign ?? true,
  }
}

/** The scheme of the sender's example; none if it cannot be made without an app's options. */
function exampleScheme<Options extends object, Key, Ready>(
  { scheme, prepare }: ProviderSpec<Options, Key, Ready>,
  example: Options,
): Partial<Scheme> {
  try {
    return scheme((prepare ? prepare(example) : example) as Ready) as Scheme<unknown>
  } catch {
    return {}
  }
}

const PLAIN = [
  'methods',
  'limits',
  'retrySpan',
  'failsOnRedirect',
  'formats',
  'codings',
  'charsets',
  'labels',
  'repeats',
  'topics',
  'ids',
  'greets',
  'challenge',
  'claims',
  'topicHeader',
  'xml',
  'refusal',
  'unwrap',
] as const

/** The members that a provider takes unchanged from its spec, and those that its facts imply. */
export function plainOf<Options extends object, Key, Ready>(
  spec: ProviderSpec<Options, Key, Ready>,
): Partial<Provider> {
  return {
    ...(spec.facts && impliedBy(spec.facts.delivers)),
    ...Object.fromEntries(
      PLAIN.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]),
    ),
  }
}

/** What a receiver has to know of how a sender delivers. */
function impliedBy({ largest, retries, redirect }: Partial<Delivers>): Partial<Provider> {
  return {
    ...(typeof largest === 'number' && { limits: { body: largest } }),
    ...(typeof retries === 'number' && { retrySpan: retries }),
    ...(redirect === 'failure' && { failsOnRedirect: true }),
  }
}
