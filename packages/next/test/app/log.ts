import { singleton } from '@postern/next'

/** What the receivers of this app did. */
export const log: string[] = singleton('log', () => [])
