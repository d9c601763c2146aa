import type { Factory } from '@postern/core/scheme'
import { member } from '../common/read.ts'
import {
  genericBody,
  composeGeneric,
  type ComposedPlaces,
  genericCovers,
  genericEvents,
  genericHeaders,
  type Extract,
  type GenericPlaces,
} from './generic/places.ts'
import { sender, type DatedPresetOptions, type SenderSpec } from './sender.ts'

export type { DatedPresetOptions, PresetOptions, UrlPresetOptions } from './sender.ts'

/** A sender that needs no code of its own: its scheme, where id and topic are, and facts about its deliveries. */
interface PresetSpec<Name extends string, Key, More extends object>
  extends
    Omit<SenderSpec<Name, Key, More>, 'events'>,
    Partial<Pick<SenderSpec<Name, Key, More>, 'events'>>,
    GenericPlaces,
    ComposedPlaces {
  /** Prefix of the random ids that `sign` makes. @default '' */
  readonly idPrefix?: string
  /**
   * Returns further headers for a delivery that `sign` makes. `at` is the signed time, in milliseconds since 1970.
   * @default none
   */
  readonly sends?: (at: number) => Readonly<Record<string, string>>
}

/**
 * Reads the topic from the first path that the payload has. If the payload has none of the paths, the topic is the text
 * `event`.
 */
export function topicOf(...paths: readonly string[]): Extract {
  return (_delivery, { value }) =>
    paths.map((path) => member(value, path)).find((topic) => topic !== undefined) ?? 'event'
}

/** Creates a provider from data. As in the options of `generic`, the data says where id and topic are. */
export function preset<Name extends string = 'secret', Key = unknown, More extends object = object>(
  given: PresetSpec<Name, Key, More>,
): Factory<DatedPresetOptions<NoInfer<Name>> & NoInfer<More>> {
  const { idPrefix = '', sends, topicHeader, ...spec } = given
  const { eventIdHeader } = spec
  const ids = (given.id ?? eventIdHeader ?? given.eventIdField) !== undefined
  return sender<Name, Key, More>({
    covers: genericCovers(spec.sign({ anyCase: true }, (given.example ?? {}) as More), given),
    ids,
    reads: [eventIdHeader, topicHeader].filter((one) => one !== undefined),
    events: (delivery, body) => genericEvents(delivery, body, given),
    compose(draft) {
      const { topic = spec.topics?.[0], id = ids ? idPrefix + crypto.randomUUID() : undefined } =
        draft
      const { headers, event } = composeGeneric({ ...draft, topic, id }, given)
      const more = sends?.(draft.at ?? Date.now())
      return { headers: { ...more, ...headers }, body: genericBody(event, given) }
    },
    ...spec,
    ...genericHeaders(given),
  })
}
