import { WebhookError, type SecretOption } from '@postern/core'
import {
  keyForms,
  mergeDeep,
  standardWebhooksId,
  type KeyForm,
  type StandardWebhooksHeaders,
  type StandardWebhooksKey,
} from '@postern/core/internal'
import {
  standardWebhooksScheme,
  type Draft,
  type SenderFacts,
  type Factory,
  type ProviderSpec,
  type Scheme,
  type Delivers,
} from '@postern/core/scheme'
import { provider } from '../common/provider.ts'
import { membersAt, placedAt } from '../common/paths.ts'
import { needed } from '../common/read.ts'
import type { PresetFacts } from './sender.ts'
import { HOUR } from '../common/units.ts'

/** Options of every sender that uses Standard Webhooks. */
export interface StandardFamilyOptions {
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number | undefined
  /** Member of the body with the topic, as a path with dots. @default 'type'. A body without this member is rejected */
  readonly topicField?: string | undefined
}

/** Options of a sender that uses Standard Webhooks with one secret. */
export interface StandardFamilySecretOptions extends StandardFamilyOptions {
  /** The signing secret of the endpoint. Give several while you change the secret. */
  readonly secret: SecretOption
}

type Options = StandardFamilySecretOptions
type Base = ProviderSpec<Options, StandardWebhooksKey> & { readonly facts: SenderFacts }

interface StandardFamilySpec
  extends Omit<Base, 'docs' | 'events' | 'options' | 'scheme' | 'facts' | 'setup'>, PresetFacts {
  /** Help text for the option `secret`. @default a text for `whsec_` secrets */
  readonly secretHint?: string
  /** Prefixes of the three headers (`…id`, `…timestamp`, `…signature`). @default ['webhook-'] */
  readonly prefixes?: readonly string[]
  /** Names of the three headers, if they have no common prefix. */
  readonly headers?: StandardWebhooksHeaders
  /** Default of the option `topicField`. The values of several members are joined with dots. @default 'type' */
  readonly topicField?: string | readonly string[]
  /**
   * How the sender makes keys from secrets. If there are several ways, a delivery may use any of them, and `sign` uses
   * the first. @default ['decoded']
   */
  readonly keys?: readonly KeyForm[]
  /**
   * Creates the key from a secret in the sender's own format. With this function, `keys` is ignored. @default none, so
   * secrets are read as `keys` says
   */
  readonly key?: (secret: string) => StandardWebhooksKey
  /** Converts the sender's list of signatures to the specification's format. @default no conversion */
  readonly signatures?: (list: string) => string
}

const FAMILY_OPTIONS = {
  tolerance: 'Seconds the signed time may be away from now. Default 300.',
  topicField: 'Member of the body that is the topic. Default type.',
} as const

/** Creates a provider for Standard Webhooks 1.0.0, possibly with the sender's own secrets and header names. */
export function standardFamily(given: StandardFamilySpec): Factory<StandardFamilySecretOptions> {
  const {
    secretHint = 'Signing secret of the endpoint, whsec_…',
    prefixes = ['webhook-'],
    headers,
    keys,
    key,
    signatures,
    ...rest
  } = given
  const { topicField: usual, setup, checked, example, delivers, ...spec } = rest
  const [first] = spec.topics ?? []
  const idHeader = headers?.id.toLowerCase() ?? `${prefixes[0]}id`
  return provider({
    options: { secret: secretHint, ...FAMILY_OPTIONS },
    claims: idHeader,
    covers: { body: 'bytes', id: true, timestamp: true },
    scheme: ({ tolerance }) =>
      familyScheme({ prefixes, headers, tolerance, keys, key, signatures }),
    events: (delivery, { value }, { topicField = usual }) => [
      {
        id: standardWebhooksId(delivery, headers ?? prefixes),
        topic: topicField === undefined ? needed(value, 'type') : topicAt(value, topicField),
        payload: value,
      },
    ],
    compose: (draft, { topicField = usual }) =>
      composeMessage({ ...(usual && first && { topic: first }), ...draft }, idHeader, topicField),
    ...spec,
    setup,
    facts: {
      example: example ?? { secret: `whsec_${EXAMPLE}` },
      checked,
      // By the specification, a redirect counts as a failed delivery.
      delivers: { redirect: 'failure', ...delivers },
    },
  })
}

const EXAMPLE = 'YW4gZXhhbXBsZSBzZWNyZXQgb2YgMzIgYnl0ZXM='

function topicAt(value: unknown, path: string | readonly string[]): string {
  const topic = membersAt(value, path, '.')
  if (topic === undefined)
    throw new WebhookError('missing_topic', {
      problem: 'missing',
      field: [path].flat().join(),
      option: 'topicField',
    })
  return topic
}

/** Puts the topic into the body at the path `topicField`. */
export function composeMessage(
  { topic = 'message', id, payload = {}, at = Date.now() }: Draft,
  idHeader: string,
  topicField: string | readonly string[] | undefined = 'type',
): { headers: Record<string, string>; body?: string } {
  const sample = { ...placedAt(topic, topicField, '.'), timestamp: new Date(at).toISOString() }
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload)
  return {
    headers: { [idHeader]: id ?? `msg_${crypto.randomUUID().replaceAll('-', '')}` },
    ...(isObject && { body: JSON.stringify(mergeDeep(sample, payload)) }),
  }
}

interface FamilySchemeOptions {
  readonly keys?: StandardFamilySpec['keys'] | undefined
  readonly key?: StandardFamilySpec['key'] | undefined
  readonly signatures?: StandardFamilySpec['signatures'] | undefined
  readonly prefixes?: readonly string[]
  readonly headers?: StandardWebhooksHeaders | undefined
  readonly tolerance: number | undefined
}

export function familyScheme(options: FamilySchemeOptions): Scheme<StandardWebhooksKey> {
  const { keys, key, signatures: list, prefixes, headers, tolerance } = options
  const scheme = standardWebhooksScheme({ prefixes, headers, tolerance, list, keys })
  return key ? { ...scheme, ...keyForms([key]) } : scheme
}

/** How Svix delivers, for senders that use Svix and do not document how they deliver. */
export const SVIX_DELIVERS: Partial<Delivers> = {
  within: 15_000,
  retries: 28 * HOUR,
  redirect: 'failure',
  after4xx: 'retried',
  givesUp: 'disabled after five days in which all failed',
  ok: '2xx',
  source: 'https://docs.svix.com/retries',
}
