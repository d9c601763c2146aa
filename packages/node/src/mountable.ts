import type { Receiver } from '@postern/core'

/** What mounting needs of a receiver, whatever its events. */
export type Mountable = Pick<Receiver, 'admit' | 'receive' | 'refuse' | 'limits'>
