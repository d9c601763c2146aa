import type { SecretOption } from '@postern/core'
import {
  keyForms,
  mergeDeep,
  standardWebhooksId,
  standardWebhooksScheme,
  type Draft,
  type KeyForm,
  type ProviderSpec,
  type Scheme,
  type StandardWebhooksKey,
} from '@postern/core/scheme'
import { member, needed } from '../common/read.ts'

/** Options of every sender of the family. */
export interface StandardFamilyOptions {
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number | undefined
  /** Member of the body that is the topic; dots lead into objects. @default 'type', which must be there */
  readonly topicField?: string | undefined
}

type Options = StandardFamilyOptions & { readonly secret: SecretOption }
type Base = ProviderSpec<Options, StandardWebhooksKey>

/** What sets a sender of the family apart. */
export interface StandardFamilySpec extends Omit<Base, 'events' | 'options' | 'scheme'> {
  /** A sentence on the secret. */
  readonly secretHint: string
  /** @default ['webhook-'] */
  readonly prefixes?: readonly string[]
  /** Every way in which the sender has ever made its keys of secrets; the first signs. @default ['decoded'] */
  readonly keys?: readonly KeyForm[]
  /** Makes a key of a secret in the sender's own format, in place of `keys`. @default whsec_ and base64 */
  readonly key?: (secret: string) => StandardWebhooksKey
  /** Writes the list of signatures as the specification has it, if the sender has its own way. */
  readonly signatures?: (list: string) => string
}

const FAMILY_OPTIONS = {
  tolerance: 'Seconds the signed time may be away from now. Default 300.',
  topicField: 'Member of the body that is the topic. Default type.',
} as const

/** The spec of a sender that keeps to Standard Webhooks 1.0.0 but for its format of secrets or names of headers. */
export function standardFamily(given: StandardFamilySpec): Base {
  const { secretHint, prefixes = ['webhook-'], keys, key, signatures, ...spec } = given
  return {
    options: { secret: secretHint, ...FAMILY_OPTIONS },
    claims: `${prefixes[0]}id`,
    covers: { body: 'bytes', id: true, timestamp: true },
    failsOnRedirect: true,
    scheme: ({ tolerance }) => familyScheme({ prefixes, tolerance, keys, key, signatures }),
    events: (delivery, { value }, { topicField }) => [
      {
        id: standardWebhooksId(delivery, prefixes),
        topic: topicField === undefined ? needed(value, 'type') : (member(value, topicField) ?? ''),
        payload: value,
      },
    ],
    compose: (draft, { topicField }) => composeMessage(draft, prefixes[0]!, topicField),
    ...spec,
  }
}

/** Headers and body of a Standard Webhooks message, with the topic at the path `topicField`. */
export function composeMessage(
  { topic = 'message', id, payload = {}, at = Date.now() }: Draft,
  prefix: string,
  topicField: string | undefined = 'type',
): { headers: Record<string, string>; body?: string } {
  const named = topicField
    .split('.')
    .reduceRight<unknown>((value, name) => ({ [name]: value }), topic) as object
  const sample = { ...named, timestamp: new Date(at).toISOString() }
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload)
  return {
    headers: { [`${prefix}id`]: id ?? `msg_${crypto.randomUUID().replaceAll('-', '')}` },
    ...(isObject && { body: JSON.stringify(mergeDeep(sample, payload)) }),
  }
}

interface FamilySchemeOptions {
  readonly keys?: StandardFamilySpec['keys'] | undefined
  readonly key?: StandardFamilySpec['key'] | undefined
  readonly signatures?: StandardFamilySpec['signatures'] | undefined
  readonly prefixes: readonly string[]
  readonly tolerance: number | undefined
}

/** The scheme of a sender of the family. */
export function familyScheme(options: FamilySchemeOptions): Scheme<StandardWebhooksKey> {
  const { keys, key, signatures: list, prefixes, tolerance } = options
  const scheme = standardWebhooksScheme({ prefixes, tolerance, list, keys })
  return key ? { ...scheme, ...keyForms([key]) } : scheme
}
