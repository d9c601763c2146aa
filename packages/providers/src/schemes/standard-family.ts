import { createDelivery, type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  standardWebhooksId,
  standardWebhooksScheme,
  type Provider,
  type ProviderSpec,
  type Scheme,
  type StandardWebhooksKey,
} from '@postern/core/scheme'
import { needed } from '../common/read.ts'
import { composeMessage } from './messages.ts'

/** Options of every sender of the family. */
export interface StandardFamilyOptions {
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number | undefined
}

/** What sets a sender of the family apart. */
export interface StandardFamilySpec<Events extends EventMap> extends StandardFamilyOptions {
  readonly name: string
  readonly secret: SecretOption
  /** @default ['webhook-'] */
  readonly prefixes?: readonly string[]
  /** Makes a key of a secret in the sender's own format. @default whsec_ and base64 */
  readonly key?: (secret: string) => StandardWebhooksKey
  /** Writes the list of signatures as the specification has it, where the sender has its own way. */
  readonly signatures?: (list: string) => string
  /** @default the member `type` of the body, which must be there */
  readonly topic?: (payload: unknown) => string
  readonly more?: Partial<ProviderSpec<Events, StandardWebhooksKey>>
}

/** Options of the family in the catalogue. */
export const FAMILY_OPTIONS = {
  tolerance: 'Seconds the signed time may be away from now. Default 300.',
} as const

/** A sender that keeps to Standard Webhooks 1.0.0 but for its format of secrets, names of headers, or topics. */
export function standardFamily<Events extends EventMap>(
  spec: StandardFamilySpec<Events>,
): Provider<Events> {
  const { prefixes = ['webhook-'], topic = (payload: unknown) => needed(payload, 'type') } = spec
  return defineProvider<Events, StandardWebhooksKey>({
    name: spec.name,
    auth: { scheme: familyScheme(spec, prefixes), secret: spec.secret },
    failsOnRedirect: true,
    events: (delivery, { value }) => [
      { id: standardWebhooksId(delivery, prefixes), topic: topic(value), payload: value },
    ],
    compose: (draft) => composeMessage(draft, prefixes[0]!),
    ...spec.more,
  })
}

function familyScheme<Events extends EventMap>(
  { key, signatures, tolerance }: StandardFamilySpec<Events>,
  prefixes: readonly string[],
): Scheme<StandardWebhooksKey> {
  const scheme = standardWebhooksScheme({ prefixes, tolerance })
  return {
    ...scheme,
    ...(key && { key }),
    ...(signatures && {
      verify: (delivery, keys, now) =>
        scheme.verify(rewritten(delivery, `${prefixes[0]}signature`, signatures), keys, now),
    }),
  }
}

function rewritten(delivery: Delivery, header: string, write: (value: string) => string): Delivery {
  const lines = [...delivery.headerLines()].map(
    ([name, value]) => [name, name === header ? write(value) : value] as const,
  )
  const { method, url, body, limits } = delivery
  return createDelivery({ method, url, body, headers: lines }, limits)
}
