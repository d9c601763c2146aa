import type { Receiver } from '@postern/core'

/** What mounting needs of a receiver, whatever its events. */
export type Mountable = Pick<Receiver, 'receive' | 'refuse' | 'limits'> & {
  readonly provider: { readonly name: string; readonly methods?: readonly string[] }
}
