// The types are core's, since `receiver.catchUp` takes a source.
export type {
  ListedDelivery,
  ListedEvent,
  PayloadSource,
  Range,
  RedeliverySource,
  Source,
  SourceBase,
} from '@postern/core'
