import type { SecretOption } from '@postern/core'
import type { Factory, ProviderSpec, Scheme, SenderFacts, Setup } from '@postern/core/scheme'
import { provider } from '../common/provider.ts'
import { member } from '../common/read.ts'
import { composeGeneric, type ComposedPlaces } from './generic/compose.ts'
import {
  genericCovers,
  genericEvents,
  genericHeaders,
  type Extract,
  type GenericPlaces,
} from './generic/events.ts'

/** Options of a sender that is a preset and dates nothing. */
export type PresetOptions<Name extends string = 'secret'> = {
  /** The secret of the webhook. Several while it is being changed. */
  readonly [name in Name]: SecretOption
}

/** Options of a sender that is a preset and signs a time. */
export type DatedPresetOptions<Name extends string = 'secret'> = PresetOptions<Name> & {
  /** Seconds the signed time may be away from now, in the past and in the future. @default what the sender says, else 300 */
  readonly tolerance?: number
}

type Base = ProviderSpec<DatedPresetOptions> & { readonly facts: SenderFacts }
type Made = 'docs' | 'secret' | 'options' | 'scheme' | 'events' | 'facts' | 'setup' | 'prepare'

/** Facts of a preset; what they share with the sender's page follows from it. */
export interface PresetFacts {
  readonly docs: string
  /** `docs` is that of the sender if it is left out. */
  readonly setup: Omit<Setup, 'docs'> & Partial<Pick<Setup, 'docs'>>
  readonly checked: string
  readonly example?: object | undefined
  /** `source` is the sender's page if it is left out. */
  readonly delivers?: SenderFacts['delivers']
}

/** What a preset gives its scheme: the user's tolerance, and hex in either case. */
interface Given {
  readonly tolerance?: number
  readonly anyCase: true
}

/** What sets a sender apart from others, as data: its scheme, the places of id and topic, and facts. */
interface PresetSpec<Name extends string, Key>
  extends
    Omit<Base, Made>,
    Partial<Pick<Base, 'events'>>,
    GenericPlaces,
    ComposedPlaces,
    PresetFacts {
  /** How it signs. */
  readonly sign: (given: Given) => Scheme<Key>
  /** Name of the option that takes the secret. @default 'secret' */
  readonly secret?: Name
  /** A sentence on the secret. @default 'Secret of the webhook.' */
  readonly hint?: string
  /** Reads the secret as the sender's library does, before it is a key. @default as it is */
  readonly read?: (secret: string) => string
  /** What stands before the random part of an id that `sign` makes. @default '' */
  readonly idPrefix?: string
  /** More headers of what `sign` makes, such as one that is signed. */
  readonly sends?: Readonly<Record<string, string>>
}

/** The topic at the first of several paths that is there, else `event`: for senders whose payloads differ. */
export function topicOf(...paths: readonly string[]): Extract {
  return (_delivery, { value }) =>
    paths.map((path) => member(value, path)).find((topic) => topic !== undefined) ?? 'event'
}

/** A sender that is data: see `generic` for the places of id and topic. */
export function preset<Name extends string = 'secret', Key = unknown>(
  given: PresetSpec<Name, Key>,
): Factory<DatedPresetOptions<Name>> {
  const { sign, setup, hint = 'Secret of the webhook.', checked, example, ...rest } = given
  const { delivers = {}, read, idPrefix = '', sends, topicHeader, ...spec } = rest
  const { docs, eventIdHeader, secret = 'secret' } = spec
  const scheme = ({ tolerance }: { readonly tolerance?: number }): Scheme => {
    const made = sign({
      ...(tolerance !== undefined && { tolerance }),
      anyCase: true,
    }) as Scheme<unknown>
    return read ? { ...made, key: (text) => made.key(read(text)) } : made
  }
  const { tolerance, covers } = scheme({})
  const ids = (given.id ?? eventIdHeader ?? given.eventIdField) !== undefined
  const made = provider<DatedPresetOptions>({
    options: {
      [secret]: hint,
      ...(tolerance !== undefined && {
        tolerance: `Seconds the signed time may be away from now. Default ${tolerance}.`,
      }),
    } as Base['options'],
    covers: genericCovers({ covers }, given),
    ...(!spec.events && { ids }),
    reads: [eventIdHeader, topicHeader].filter((one) => one !== undefined),
    scheme,
    events: (delivery, body) => genericEvents(delivery, body, given),
    compose(draft) {
      const { topic = spec.topics?.[0], id = ids ? idPrefix + crypto.randomUUID() : undefined } =
        draft
      const whole = {
        ...draft,
        ...(topic !== undefined && { topic }),
        ...(id !== undefined && { id }),
      }
      const made = composeGeneric(whole, given)
      return { ...made, headers: { ...sends, ...made.headers } }
    },
    ...spec,
    ...genericHeaders(given),
    setup: { docs, ...setup },
    facts: { checked, example, delivers },
  })
  return made as unknown as Factory<DatedPresetOptions<Name>>
}
