import type { EventMap, WebhookEvent } from '../event.ts'

type Separator = '.' | '/' | ':'
type Segment<T extends string> = T extends `${string}${Separator}${string}`
  ? false
  : T extends ''
    ? false
    : true

type MatchTopic<P extends string, T extends string> = P extends T
  ? T
  : P extends `${infer Head}**`
    ? T extends `${Head}${infer Rest}`
      ? Rest extends ''
        ? never
        : T
      : never
    : P extends `${infer Head}*${infer Tail}`
      ? T extends `${Head}${infer Rest}`
        ? MatchRest<Tail, Rest> extends true
          ? T
          : never
        : never
      : never

/**
 * True if `Rest`, the end of a topic, matches a `*` and then `Tail`, the end of a pattern. The `*` matches one segment.
 */
type MatchRest<Tail extends string, Rest extends string> = Tail extends ''
  ? Segment<Rest>
  : Tail extends `${infer S extends Separator}${infer More}`
    ? Rest extends `${infer First}${S}${infer Last}`
      ? Segment<First> extends true
        ? [MatchTopic<More, Last>] extends [never]
          ? false
          : true
        : false
      : false
    : false

type IsOpen<Events extends EventMap> = string extends keyof Events ? true : false

/** The topics of a typed provider that a pattern matches; `never` if none can match. */
export type TopicsOf<Events extends EventMap, P extends string> = P extends `${string}*${string}`
  ? { [T in keyof Events & string]: MatchTopic<P, T> }[keyof Events & string]
  : // A pattern without a wildcard is looked up: otherwise TypeScript would compare hundreds of topics with each other.
    P extends keyof Events
    ? P
    : never

/** The event for a handler of these patterns: a union of the events of all topics that the patterns match. */
export type EventOf<Events extends EventMap, P extends string> =
  IsOpen<Events> extends true
    ? WebhookEvent<string, Events[string]>
    : P extends `${string}*${string}`
      ? { [T in TopicsOf<Events, P>]: WebhookEvent<T, Events[T]> }[TopicsOf<Events, P>]
      : P extends keyof Events & string
        ? WebhookEvent<TopicOf<Events, P>, Events[P]>
        : never

/** The topics of events that a subscription to this topic gets: the topic itself and narrower topics. */
export type TopicOf<Events extends EventMap, P extends string> =
  | P
  | Extract<keyof Events, `${P}${Separator}${string}`>

/** Resolves to `unknown` if the pattern can match a topic, else to an impossible type that shows the error. */
export type PatternOf<Events extends EventMap, P extends string> =
  IsOpen<Events> extends true
    ? unknown
    : [Unmatched<Events, P>] extends [never]
      ? unknown
      : {
          // If a package with types is missing, the map has one topic, whose name says which package to install.
          readonly error: keyof Events extends `install ${string}`
            ? keyof Events
            : `no topic of this provider matches ${Unmatched<Events, P>}`
        }

type Unmatched<Events extends EventMap, P extends string> = P extends unknown
  ? [TopicsOf<Events, P>] extends [never]
    ? P
    : never
  : never
