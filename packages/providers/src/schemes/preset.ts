import type { SecretOption } from '@postern/core'
import type { SenderFacts, Factory, ProviderSpec, Scheme, Setup } from '@postern/core/scheme'
import { provider } from '../common/provider.ts'
import { member } from '../common/read.ts'
import { composeGeneric } from './generic/compose.ts'
import {
  genericCovers,
  genericEvents,
  genericHeaders,
  type Extract,
  type GenericPlaces,
} from './generic/events.ts'
import { genericScheme } from './generic/scheme.ts'
import type { GenericSchemeOptions } from './generic/scheme-options.ts'
import { genericPlace, genericWords } from './generic/words.ts'

/** Options of a sender that is a preset of `generic` and dates nothing. */
export interface PresetOptions {
  /** The secret of the webhook. Several while it is being changed. */
  readonly secret: SecretOption
}

/** Options of a sender that is a preset of `generic` and signs a time. */
export interface DatedPresetOptions extends PresetOptions {
  /** Seconds the signed time may be away from now, in the past and in the future. @default what the sender says, else 300 */
  readonly tolerance?: number
}

type Base = ProviderSpec<DatedPresetOptions> & { readonly facts: SenderFacts }
type Made = 'docs' | 'options' | 'scheme' | 'events' | 'facts' | 'secret' | 'setup' | 'prepare'

/** SenderFacts of a preset; what they share with the sender's page follows from it. */
export interface PresetFacts {
  readonly docs: string
  /** `docs` is that of the sender if it is left out. */
  readonly setup: Omit<Setup, 'docs'> & Partial<Pick<Setup, 'docs'>>
  readonly checked: string
  readonly example?: object | undefined
  /** `source` is the sender's page if it is left out. */
  readonly delivers?: SenderFacts['delivers']
}

/** What sets a sender apart from `generic`: options of it, and facts. */
interface PresetSpec
  extends Omit<Base, Made>, Partial<Pick<Base, 'events'>>, GenericPlaces, PresetFacts {
  /** How it signs, in the options of `generic`. */
  readonly sign: GenericSchemeOptions
  /** A sentence on the secret. @default 'Secret of the webhook.' */
  readonly hint?: string
  /** Reads the secret as the sender's library does, before it is a key. @default as it is */
  readonly read?: (secret: string) => string
  /** More headers of what `sign` makes, such as one that is signed. */
  readonly sends?: Readonly<Record<string, string>>
}

/** The topic at the first of several paths that is there, else `event`: for senders whose payloads differ. */
export function topicOf(...paths: readonly string[]): Extract {
  return (_delivery, { value }) =>
    paths.map((path) => member(value, path)).find((topic) => topic !== undefined) ?? 'event'
}

/** A sender that `generic` can say by options alone. */
export function preset(given: PresetSpec): Factory<DatedPresetOptions> {
  const {
    sign,
    setup,
    hint = 'Secret of the webhook.',
    checked,
    example,
    delivers = {},
    read,
    sends,
    ...spec
  } = given
  const { topicHeader, ...others } = spec
  const { name, docs, eventIdHeader } = spec
  const covers = genericCovers(genericScheme(name, sign), given)
  const dated = covers.timestamp === true
  const tolerance = sign.tolerance ?? 300
  const ids = (given.id ?? eventIdHeader ?? given.eventIdField) !== undefined
  return provider({
    options: {
      secret: hint,
      ...(dated && {
        tolerance: `Seconds the signed time may be away from now. Default ${tolerance}.`,
      }),
    } as Base['options'],
    covers,
    ids,
    reads: [eventIdHeader, topicHeader].filter((one) => one !== undefined),
    scheme(options): Scheme {
      const made = genericScheme(name, { ...sign, tolerance: options.tolerance ?? tolerance })
      return read ? { ...made, key: (secret) => made.key(read(secret)) } : made
    },
    events: (delivery, body) => genericEvents(delivery, body, given),
    compose(draft) {
      const { topic = spec.topics?.[0], id = ids ? crypto.randomUUID() : undefined } = draft
      const whole = {
        ...draft,
        ...(topic !== undefined && { topic }),
        ...(id !== undefined && { id }),
      }
      const made = composeGeneric(whole, given)
      return { ...made, headers: { ...sends, ...made.headers } }
    },
    ...others,
    ...genericHeaders(given),
    setup: { docs, ...setup },
    facts: {
      scheme: genericWords(sign),
      place: genericPlace(sign),
      tolerance: dated ? tolerance : 'none',
      checked,
      example,
      delivers,
    },
  })
}
