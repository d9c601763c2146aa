import type { Receiver } from '@postern/core'

/** The members of a receiver that adapters use, for any type of event. */
export type Mountable = Pick<Receiver, 'admit' | 'receive' | 'refuse' | 'limits'>
