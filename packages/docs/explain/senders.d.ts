declare module 'senders' {
  import type { About } from '../../core/src/provider/about.ts'
  /** Loads the catalog entry of a sender. bundle.ts writes a chunk for each. */
  export const senders: Readonly<Record<string, () => Promise<About>>>
}
