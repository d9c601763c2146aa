import type { Receiver } from '@postern/core'

/** The receiver that missed something, as a catch-up sees it. It may be of another copy of core. */
export type Missing = Pick<
  Receiver,
  | 'name'
  | 'provider'
  | 'topics'
  | 'settings'
  | 'subscribes'
  | 'take'
  | 'observe'
  | 'observer'
  | 'onClose'
>
