import type { Factory } from '@postern/core/scheme'
import { member } from '../common/read.ts'
import { genericBody, composeGeneric, type ComposedPlaces } from './generic/compose.ts'
import {
  genericCovers,
  genericEvents,
  genericHeaders,
  type Extract,
  type GenericPlaces,
} from './generic/events.ts'
import { sender, type DatedPresetOptions, type SenderSpec } from './sender.ts'

export type { DatedPresetOptions, PresetOptions } from './sender.ts'

/** What sets a sender apart from others, as data: its scheme, the places of id and topic, and facts. */
interface PresetSpec<Name extends string, Key>
  extends
    Omit<SenderSpec<Name, Key>, 'events'>,
    Partial<Pick<SenderSpec<Name, Key>, 'events'>>,
    GenericPlaces,
    ComposedPlaces {
  /** What is before the random part of an id that `sign` makes. @default '' */
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
  const { idPrefix = '', sends, topicHeader, ...spec } = given
  const { eventIdHeader } = spec
  const ids = (given.id ?? eventIdHeader ?? given.eventIdField) !== undefined
  return sender<Name, Key>({
    covers: genericCovers(spec.sign({ anyCase: true }), given),
    ids,
    reads: [eventIdHeader, topicHeader].filter((one) => one !== undefined),
    events: (delivery, body) => genericEvents(delivery, body, given),
    compose(draft) {
      const { topic = spec.topics?.[0], id = ids ? idPrefix + crypto.randomUUID() : undefined } =
        draft
      const { headers, event } = composeGeneric({ ...draft, topic, id }, given)
      return { headers: { ...sends, ...headers }, body: genericBody(event, given) }
    },
    ...spec,
    ...genericHeaders(given),
  })
}
