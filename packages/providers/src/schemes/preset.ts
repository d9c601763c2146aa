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

/** The spec of a sender as data: its scheme, the places of id and topic, and facts. */
interface PresetSpec<Name extends string, Key, More extends object>
  extends
    Omit<SenderSpec<Name, Key, More>, 'events'>,
    Partial<Pick<SenderSpec<Name, Key, More>, 'events'>>,
    GenericPlaces,
    ComposedPlaces {
  /** The part of an id before its random part, for `sign`. @default '' */
  readonly idPrefix?: string
  /** More headers of a delivery that `sign` makes at a time, in milliseconds since 1970. @default none */
  readonly sends?: (at: number) => Readonly<Record<string, string>>
}

/** Reads the topic at the first of several paths that the payload has, else `event`. */
export function topicOf(...paths: readonly string[]): Extract {
  return (_delivery, { value }) =>
    paths.map((path) => member(value, path)).find((topic) => topic !== undefined) ?? 'event'
}

/** Makes a sender that is data. The option types of `generic` describe the places of id and topic. */
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
