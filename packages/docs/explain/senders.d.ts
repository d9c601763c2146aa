declare module 'senders' {
  import type { About } from '../../core/src/provider/about.ts'
  /** Loads what is known of a sender: written by bundle.ts, a chunk for each. */
  export const senders: Readonly<Record<string, () => Promise<About>>>
}
